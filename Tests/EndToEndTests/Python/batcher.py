#!/usr/bin/python3
"""Asks for one job for each number and one behind them, and prints the answers:  batcher.py ENDPOINT NUMBER…"""
import json, os, secrets, sys, time, zmq

def new_id():
    """A UUIDv7 in Crockford's base 32."""
    number = time.time_ns() // 1_000_000 << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> 5 * i & 31] for i in range(25, -1, -1))

def ask(verb, **members):
    """Sends a request, returns its answer; the ids make repeats harmless."""
    bus.send_multipart([verb.encode(), json.dumps({"request": 1, **members}).encode()])
    while bus.poll(5000):
        answer, text, *_ = bus.recv_multipart()
        if answer != b"ping":
            return json.loads(text)
    sys.exit(f"no answer to {verb}")

bus = zmq.Context().socket(zmq.DEALER)
bus.linger = 0
bus.connect(sys.argv[1])
ask("hello", protocol=1, role="service", process=f"batcher.py:{os.getpid()}")
job = lambda number: {
    "id": new_id(), "queue": "fixture/default", "worker": "Twice", "inputs": {"number": int(number)}}
then = job(0)
outcomes = ask("enqueue", jobs=[job(number) for number in sys.argv[2:]], batch={"then": then})["outcomes"]
assert [o["outcome"] for o in outcomes] == ["enqueued"] * len(outcomes) and outcomes[-1]["id"] == then["id"]
while "finished_at" not in ask("ask", about="wait", parameters={"job": then["id"]})["answer"]["job"]:
    pass
batch = ask("ask", about="batch", parameters={"job": then["id"]})["answer"]
print(batch["open"], [member["result"] for member in batch["jobs"]])
