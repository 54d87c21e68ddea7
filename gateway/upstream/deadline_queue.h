// Deadlines of many calls behind one timer.
//
// A call without a deadline costs nothing here but its hooks; one with a deadline costs a map node. The loop's thread
// only. The queue must outlive the clients that are armed on it, or be destroyed with them (it disarms them).
//
//   class MyCall : public DeadlineQueue::Client { void OnDeadline() override { ... } };
//   queue.Arm(&call, DeadlineQueue::Clock::now() + std::chrono::seconds(1));
#ifndef PENSTOCK_GATEWAY_UPSTREAM_DEADLINE_QUEUE_H_
#define PENSTOCK_GATEWAY_UPSTREAM_DEADLINE_QUEUE_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>

namespace penstock::upstream {

class DeadlineQueue {
 public:
  using Clock = std::chrono::steady_clock;

  class Client {
   public:
    Client() = default;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    virtual ~Client() { Disarm(); }

    // From the loop, disarmed. May destroy the client, arm and disarm others.
    virtual void OnDeadline() = 0;

    void Disarm();

   private:
    friend class DeadlineQueue;
    DeadlineQueue* queue_ = nullptr;  // null: not armed
    std::multimap<Clock::time_point, Client*>::iterator place_;
  };

  explicit DeadlineQueue(boost::asio::io_context& io);
  ~DeadlineQueue();
  DeadlineQueue(const DeadlineQueue&) = delete;
  DeadlineQueue& operator=(const DeadlineQueue&) = delete;

  // Calls `client->OnDeadline()` at `when`, once; replaces what was armed before.
  void Arm(Client* client, Clock::time_point when);

 private:
  void Wait();
  void Expire();

  std::multimap<Clock::time_point, Client*> clients_;
  boost::asio::steady_timer timer_;
  Clock::time_point waiting_for_ = Clock::time_point::max();
  std::shared_ptr<DeadlineQueue*> self_;  // emptied by the destructor: what a timer handler finds then is null
};

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_DEADLINE_QUEUE_H_
