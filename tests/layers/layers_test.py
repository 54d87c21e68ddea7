#!/usr/bin/env python3
"""Checks the gateway's layers in the build graph: no dependency on a higher layer, none of pure parts on impure ones.

    layers_test.py GRAPH    GRAPH: output of `bazel query --output=graph` for the gateway's binary
"""

import re
import sys
import unittest

# Low to high. A target depends on targets of its own layer's rooms and of the layers before it, nothing else.
LAYERS = [
    ["base"],
    ["net"],
    ["config", "observe", "codec", "route"],
    ["http", "upstream", "binding"],
    ["schema", "protocol"],
    ["grpc_gateway"],
    ["exchange"],
    ["share", "admin"],
    ["server"],
]

# Rooms of one layer that must not depend on each other; a higher layer joins them.
SEPARATE = [("http", "upstream")]

# Values in, values out: no socket, thread, clock or file. Whole rooms, or single targets of a room that has others.
PURE = [
    "base",
    "binding",
    "codec",
    "config:config",
    "config:dialect",
    "config:flag_kinds",
    "config:flag_table",
    "config:origin",
    "config:units",
    "exchange:cors",
    "exchange:csrf_gate",
    "exchange:gate",
    "exchange:memory_gate",
    "exchange:pump",
    "exchange:resume",
    "grpc_gateway",
    "http:flood_guard",
    "http:http1_parser",
    "http:http1_writer",
    "http:http2_request",
    "http:message",
    "http:session_deadline",
    "net:address",
    "net:cidr",
    "net:timer_wheel",
    "observe:live_report",
    "observe:request_observer",
    "protocol",
    "route",
    "schema:method_list",
    "schema:schema",
    "schema:schema_store",
    "schema:stream_options",
    "upstream:ejection",
    "upstream:grpc_frames",
    "upstream:metadata",
    "upstream:status",
]

IMPURE = {
    "//gateway/net:loop",
    "@system//:asio",
    "@system//:grpc++",
    "@system//:nghttp2",
    "@system//:openssl",
    "@system//:spdlog",
}

# The gateway's binary must not depend on gRPC's library.
FOREIGN = {"@system//:grpc++", "//service:penstock-ticks"}


def read_graph(path):
    """Maps each target to its direct dependencies."""
    edges = {}
    with open(path) as graph:
        for line in graph:
            labels = re.findall(r'"([^"]+)"', line)
            if "->" in line:
                edges.setdefault(labels[0], set()).add(labels[1])
            elif labels:
                edges.setdefault(labels[0], set())
    return edges


def room_of(label):
    match = re.fullmatch(r"//gateway/([\w/]+):[\w.-]+", label)
    return match.group(1) if match else None


class Layers(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.edges = read_graph(sys.argv[-1])
        cls.level = {room: height for height, rooms in enumerate(LAYERS) for room in rooms}

    def inner_edges(self):
        for source, targets in self.edges.items():
            for target in targets:
                pair = room_of(source), room_of(target)
                if None not in pair and pair[0] != pair[1]:
                    yield source, target, *pair

    def reach(self, label):
        seen, todo = set(), [label]
        while todo:
            for target in self.edges.get(todo.pop(), ()):
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        return seen

    def test_the_graph_is_whole(self):
        """Otherwise the other tests would prove nothing."""
        self.assertIn("@system//:asio", self.reach("//gateway:penstock-gateway"))
        self.assertGreater(len(list(self.inner_edges())), 50)

    def test_every_room_has_a_layer(self):
        rooms = {room_of(label) for label in self.edges} - {None}
        self.assertEqual(rooms - set(self.level), set())

    def test_no_dependency_on_a_higher_layer(self):
        up = [f"{a} -> {b}" for a, b, low, high in self.inner_edges() if self.level[high] > self.level[low]]
        self.assertEqual(up, [])

    def test_separate_rooms_do_not_depend_on_each_other(self):
        for pair in SEPARATE:
            met = [f"{a} -> {b}" for a, b, one, other in self.inner_edges() if {one, other} == set(pair)]
            self.assertEqual(met, [])

    def test_pure_parts_stay_pure(self):
        for part in PURE:
            targets = [t for t in self.edges if t == f"//gateway/{part}" or room_of(t) == part and "." not in t]
            self.assertTrue(targets, f"{part} is not part of the gateway any more: take it off the list")
            for target in targets:
                self.assertEqual(self.reach(target) & IMPURE, set(), target)

    def test_no_grpc_in_the_gateway(self):
        self.assertEqual(self.reach("//gateway:penstock-gateway") & FOREIGN, set())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
