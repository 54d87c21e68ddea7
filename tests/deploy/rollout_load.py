"""Runs resuming tick streams while a command runs: rollout_load.py URL --streams N -- COMMAND

Whenever a stream ends, it is resumed after its last sequence number. Each part must have a final record, and over all
parts no sequence number may be repeated or missing. Prints the counts; exits with 1 if anything was wrong.
"""

import argparse
import asyncio
import collections
import json
import sys
import urllib.parse

INTERVAL = 0.2  # seconds between two ticks: long enough that the service skips none unless it lacks CPU
PATIENCE = 60  # seconds that a stream may be without a tick, including the time to resume


class Stream:
    def __init__(self, counts):
        self.counts = counts
        self.last = 0
        self.over = False

    async def run(self, host, port, path):
        while not self.over:
            try:
                await asyncio.wait_for(self.one_part(host, port, path), None)
            except (OSError, asyncio.IncompleteReadError) as error:
                self.counts[f"aborted: {type(error).__name__}"] += 1
            if not self.over:
                await asyncio.sleep(0.2)

    async def one_part(self, host, port, path):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            body = json.dumps({"message": "x", "interval": f"{INTERVAL}s", "after_sequence": str(self.last)})
            writer.write(f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
                         f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            status = head.split()[1]
            if status != "200":
                self.counts[f"status {status}"] += 1
                return
            self.counts["parts"] += 1
            await self.records(reader)
        finally:
            writer.close()

    async def records(self, reader):
        line = b""
        while not self.over:
            size = int((await asyncio.wait_for(reader.readuntil(b"\r\n"), PATIENCE)), 16)
            line += (await reader.readexactly(size + 2))[:-2]
            *lines, line = line.split(b"\n")
            for record in lines:
                if record.strip() and self.take(json.loads(record)):
                    return
            if size == 0:
                self.counts["no final record"] += 1
                return

    def take(self, record):
        """Counts a record; returns whether it was the final one."""
        if "data" not in record:
            error = record.get("error", {})
            self.counts[f"ended with code {error.get('code', record)}: {error.get('message', '')}"] += 1
            return True
        sequence = int(record["data"]["sequence"])
        self.counts["ticks"] += 1
        if sequence <= self.last:
            self.counts["repeated"] += 1
        self.counts["missing"] += max(0, sequence - self.last - 1)
        self.last = sequence
        return False


async def run(url, streams, command):
    target = urllib.parse.urlsplit(url)
    counts = collections.Counter()
    crowd = [Stream(counts) for _ in range(streams)]
    tasks = [asyncio.create_task(stream.run(target.hostname, target.port or 80, target.path)) for stream in crowd]
    while counts["parts"] < streams:
        await asyncio.sleep(0.1)
    process = await asyncio.create_subprocess_exec(*command)
    code = await process.wait()
    # Wait until every stream has advanced after the command.
    before = [stream.last for stream in crowd]
    for _ in range(PATIENCE * 10):
        if all(stream.last > last + 2 for stream, last in zip(crowd, before)):
            break
        await asyncio.sleep(0.1)
    else:
        counts["stuck"] = sum(stream.last <= last + 2 for stream, last in zip(crowd, before))
    for stream in crowd:
        stream.over = True
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for what, count in sorted(counts.items()):
        print(f"{count:9} {what}")
    faults = ("aborted", "missing", "no final record", "repeated", "status", "stuck")
    wrong = sum(count for what, count in counts.items() if what.startswith(faults))
    return 1 if code or wrong else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    sys.exit(asyncio.run(run(options.url, options.streams, options.command)))


if __name__ == "__main__":
    main()
