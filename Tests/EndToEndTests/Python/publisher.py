#!/usr/bin/python3
"""Publishes one event and waits until it is on busd's disk:  publisher.py ENDPOINT TOPIC JSON"""
import json, os, secrets, sys, time, zmq

def new_id():
    """A UUIDv7 in Crockford's base 32."""
    number = time.time_ns() // 1_000_000 << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> 5 * i & 31] for i in range(25, -1, -1))

def ask(bus, verb, members, *data):
    """One try: sends a request, returns verb and members of its answer; None when there is none within two seconds."""
    bus.send_multipart([verb.encode(), json.dumps(members).encode(), *data])
    while bus.poll(2000):
        answer, text, *_ = bus.recv_multipart()
        if answer != b"ping":
            return answer.decode(), json.loads(text)

endpoint, topic, data = sys.argv[1:4]
bus = zmq.Context().socket(zmq.DEALER)
bus.linger = 0
bus.connect(endpoint)
hello = {"protocol": 1, "role": "service", "process": f"publisher.py:{os.getpid()}"}
event = {"request": 1, "topic": topic, "id": new_id(), "source": "publisher.py"}
for _ in range(15):  # The id makes repeats harmless: the same event is stored once.
    if ask(bus, "hello", hello) and (answer := ask(bus, "publish", event, data.encode())):
        verb, members = answer
        if verb == "published":
            sys.exit(print(members["id"], members["offset"]))
        if verb == "refused" and members["code"] != "no_session" and "retry_after" not in members:
            sys.exit(f"{members['message']} [{members['code']}]")
sys.exit(f"no answer from busd at {endpoint}")
