#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
A server that loads its data once and then forks workers, which only read it.

    prefork.py [--freeze | --array] [WORKERS [ITEMS]]

Requests come from standard input, a line each: "find PRICE", which is how many items
have it, and "collect", for a run of the garbage collector. Each worker answers each.
With --freeze the collector is told, before the fork, to leave the data alone. With
--array the data are the same numbers, in one object and not in one for each item.
"""
import array
import gc
import os
import sys


def load(items):
    return [{"id": i, "price": 1000 + i % 7919, "tags": [i, i + 1]}
            for i in range(items)]


def load_array(items):
    return array.array("q", (n for item in load(items)
                             for n in (item["id"], item["price"], *item["tags"])))


def find(catalogue, price):
    if isinstance(catalogue, array.array):
        return catalogue[1::4].count(price)
    found = 0
    for item in catalogue:
        if item["price"] == price:
            found += 1
    return found


def collect():
    return gc.collect()


def work(catalogue, requests, answers):
    for line in requests:
        word, *price = line.split()
        answer = find(catalogue, int(price[0])) if word == "find" else collect()
        print(os.getpid(), word, answer, file=answers, flush=True)


def start_worker(catalogue):
    requests, to_worker = os.pipe()
    from_worker, answers = os.pipe()
    if os.fork():
        os.close(requests)
        os.close(answers)
        return open(to_worker, "w"), open(from_worker)
    os.close(to_worker)
    os.close(from_worker)
    work(catalogue, open(requests), open(answers, "w"))
    os._exit(0)


def main(args):
    freeze, packed = args[:1] == ["--freeze"], args[:1] == ["--array"]
    args = args[freeze or packed:]
    workers, items = [int(n) for n in args] + [3, 30000][len(args):]
    gc.disable()
    catalogue = load_array(items) if packed else load(items)
    if freeze:
        gc.freeze()
    gc.enable()
    pool = [start_worker(catalogue) for _ in range(workers)]
    print("ready", flush=True)
    for line in sys.stdin:
        for to_worker, from_worker in pool:
            print(line, end="", file=to_worker, flush=True)
            print(from_worker.readline(), end="", flush=True)


main(sys.argv[1:])
