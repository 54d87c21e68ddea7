#include "tests/support/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

extern char** environ;

namespace penstock::testing {
namespace {

// How often a state that has no event is looked at.
constexpr absl::Duration kPollInterval = absl::Milliseconds(5);

// Entries of a /proc folder, without "." and "..".
std::vector<std::string> Entries(const std::string& folder) {
  std::vector<std::string> entries;
  DIR* dir = opendir(folder.c_str());
  if (dir == nullptr) return entries;
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] != '.') entries.emplace_back(entry->d_name);
  }
  closedir(dir);
  return entries;
}

std::vector<std::string> Environment(const std::vector<std::string>& own) {
  std::vector<std::string> result = own;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    absl::string_view line = *entry;
    absl::string_view name = line.substr(0, line.find('=') + 1);
    bool replaced = false;
    for (const std::string& mine : own) replaced = replaced || absl::StartsWith(mine, name);
    if (!replaced) result.emplace_back(line);
  }
  return result;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Runs in the child between fork and exec: async-signal-safe calls only.
[[noreturn]] void BecomeChild(char* const* argv, char* const* envp, pid_t parent, int output_fd, int error_fd,
                              int failure_fd) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // the parent died before the line above
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null_fd = open("/dev/null", O_RDONLY);
  dup2(null_fd, STDIN_FILENO);
  dup2(output_fd, STDOUT_FILENO);
  dup2(error_fd, STDERR_FILENO);
  execve(argv[0], argv, envp);
  const int error = errno;
  [[maybe_unused]] ssize_t written = write(failure_fd, &error, sizeof(error));
  _exit(127);
}

int ExitStatus(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Process>> Process::Spawn(std::vector<std::string> argv,
                                                        std::vector<std::string> environment) {
  int output[2], error[2], failure[2];
  if (pipe2(output, O_CLOEXEC) != 0 || pipe2(error, O_CLOEXEC) != 0 || pipe2(failure, O_CLOEXEC) != 0) {
    return absl::ResourceExhaustedError(absl::StrCat("no pipe for ", argv[0], ": ", strerror(errno)));
  }
  std::vector<std::string> full_environment = Environment(environment);
  std::vector<char*> argument_pointers = Pointers(argv);
  std::vector<char*> environment_pointers = Pointers(full_environment);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    BecomeChild(argument_pointers.data(), environment_pointers.data(), parent, output[1], error[1], failure[1]);
  }
  const int fork_error = errno;
  close(output[1]);
  close(error[1]);
  close(failure[1]);
  int exec_error = 0;
  const bool exec_failed = pid > 0 && read(failure[0], &exec_error, sizeof(exec_error)) == sizeof(exec_error);
  close(failure[0]);
  if (pid < 0 || exec_failed) {
    close(output[0]);
    close(error[0]);
    if (exec_failed) waitpid(pid, nullptr, 0);
    return absl::NotFoundError(
        absl::StrCat("cannot run ", argv[0], ": ", strerror(exec_failed ? exec_error : fork_error)));
  }
  return std::unique_ptr<Process>(new Process(pid, output[0], error[0]));
}

Process::Process(pid_t pid, int output_fd, int error_fd)
    : pid_(pid), output_fd_(output_fd), error_fd_(error_fd), stop_fd_(eventfd(0, EFD_CLOEXEC)) {
  reader_ = std::thread([this] { ReadOutput(); });
}

Process::~Process() {
  {
    const MutexLock lock(mutex_);
    if (!status_) kill(-pid_, SIGKILL);
  }
  Wait(absl::InfiniteFuture());
  EndReader();
  close(output_fd_);
  close(error_fd_);
  close(stop_fd_);
}

void Process::EndReader() {
  if (!reader_.joinable()) return;
  const uint64_t one = 1;
  [[maybe_unused]] ssize_t written = write(stop_fd_, &one, sizeof(one));
  reader_.join();
}

void Process::StopReading() {
  EndReader();
  // Through an opening of its own, since O_NONBLOCK would be the process's, too.
  for (const int number : {STDOUT_FILENO, STDERR_FILENO}) {
    const int fd = open(absl::StrCat("/proc/", pid_, "/fd/", number).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) continue;  // the process has ended
    while (write(fd, "x", 1) == 1) {
    }
    close(fd);
  }
}

void Process::ReadOutput() {
  pollfd polled[3] = {{output_fd_, POLLIN, 0}, {error_fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  std::string partial[2];
  char buffer[16 * 1024];
  while ((polled[0].fd >= 0 || polled[1].fd >= 0) && polled[2].revents == 0) {
    if (poll(polled, 3, -1) < 0) continue;
    for (int i = 0; i < 2; ++i) {
      if (polled[i].revents == 0) continue;
      const ssize_t count = read(polled[i].fd, buffer, sizeof(buffer));
      if (count > 0) partial[i].append(buffer, static_cast<size_t>(count));
      TakeLines(partial[i], count <= 0);
      if (count <= 0) polled[i].fd = -1;
    }
  }
  const MutexLock lock(mutex_);
  output_closed_ = true;
  changed_.NotifyAll();
}

void Process::TakeLines(std::string& partial, bool end) {
  const MutexLock lock(mutex_);
  size_t start = 0;
  for (size_t newline; (newline = partial.find('\n', start)) != std::string::npos; start = newline + 1) {
    lines_.push_back(partial.substr(start, newline - start));
  }
  partial.erase(0, start);
  if (end && !partial.empty()) lines_.push_back(std::move(partial));
  for (; lines_.size() > kMaxLines; ++dropped_lines_) lines_.pop_front();
  changed_.NotifyAll();
}

absl::optional<std::string> Process::WaitForLine(absl::string_view substring, absl::Time deadline) {
  const MutexLock lock(mutex_);
  size_t seen = 0;  // counts dropped lines too
  for (;;) {
    for (seen = std::max(seen, dropped_lines_); seen - dropped_lines_ < lines_.size(); ++seen) {
      const std::string& line = lines_[seen - dropped_lines_];
      if (absl::StrContains(line, substring)) return line;
    }
    if (output_closed_ || absl::Now() >= deadline) return absl::nullopt;
    changed_.WaitUntil(mutex_, absl::ToChronoTime(deadline));
  }
}

size_t Process::CountLines(absl::string_view substring) const {
  const MutexLock lock(mutex_);
  size_t count = 0;
  for (const std::string& line : lines_) count += absl::StrContains(line, substring) ? 1 : 0;
  return count;
}

std::string Process::Output() const {
  const MutexLock lock(mutex_);
  std::string output = dropped_lines_ == 0 ? "" : absl::StrCat("(", dropped_lines_, " lines dropped)\n");
  for (const std::string& line : lines_) absl::StrAppend(&output, line, "\n");
  return output;
}

void Process::Signal(int signal_number) {
  const MutexLock lock(mutex_);
  if (!status_) kill(pid_, signal_number);  // once reaped, the number may be another's
}

void Process::Reap() {
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != pid_) return;
  kill(-pid_, SIGKILL);  // what it left behind, while the zombie still keeps the number from being another's
  int wait_status = 0;
  waitpid(pid_, &wait_status, 0);
  status_ = ExitStatus(wait_status);
}

absl::optional<int> Process::Wait(absl::Time deadline) {
  bool ended = WaitUntil(
      [this] {
        const MutexLock lock(mutex_);
        if (!status_) Reap();
        return status_.has_value();
      },
      deadline);
  if (!ended) return absl::nullopt;
  // What it wrote last may still be on its way; a grandchild that holds the pipes must not keep us.
  const auto last_output = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  const MutexLock lock(mutex_);
  while (!output_closed_ && changed_.WaitUntil(mutex_, last_output)) {
  }
  return status_;
}

int64_t Process::ResidentBytes() const {
  std::ifstream file(absl::StrCat("/proc/", pid_, "/statm"));
  int64_t total_pages = 0, resident_pages = 0;
  file >> total_pages >> resident_pages;
  return resident_pages * sysconf(_SC_PAGESIZE);
}

size_t Process::OpenDescriptors() const { return Entries(absl::StrCat("/proc/", pid_, "/fd")).size(); }

absl::Duration Process::CpuTime() const {
  const std::string folder = absl::StrCat("/proc/", pid_, "/task/");
  int64_t total = 0;
  for (const std::string& task : Entries(folder)) {
    std::ifstream file(folder + task + "/schedstat");
    int64_t nanoseconds = 0;
    file >> nanoseconds;
    total += nanoseconds;
  }
  return absl::Nanoseconds(total);
}

size_t RaiseDescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

bool WaitUntil(const std::function<bool()>& condition, absl::Time deadline) {
  while (!condition()) {
    if (absl::Now() >= deadline) return false;
    absl::SleepFor(kPollInterval);
  }
  return true;
}

}  // namespace penstock::testing
