"""Does jobs: worker.py ENDPOINT ENGINE QUEUE WORKER"""
import json
import sys
import time

import zmq

endpoint, engine, queue, worker = sys.argv[1:5]
socket = zmq.Context().socket(zmq.DEALER)
socket.connect(endpoint)
held, beaten_at = {}, 0.0  # job id -> token of its lease


def say(verb, **members):
    socket.send_multipart([verb.encode(), json.dumps(members).encode()])


def greet():
    say("hello", protocol=1, role="engine", process="worker.py", engine=engine)


greet()
while True:
    if time.monotonic() - beaten_at > 5:
        say("beat", jobs=[{"id": i, "token": t} for i, t in held.items()])
        beaten_at = time.monotonic()
    if not socket.poll(1000):
        continue
    verb, members = socket.recv_multipart()[:2]
    verb, members = verb.decode(), json.loads(members)
    if verb == "refused" and members["code"] == "no_session":
        greet()  # busd was started anew
    elif verb == "welcome":
        say("hands", engine=engine, queues=[f"{engine}/{queue}"], workers=[worker], concurrency=1)
    elif verb == "jobs":
        for job in members["jobs"]:
            held[job["id"]] = job["token"]
            print("working on", job["inputs"], flush=True)
            say("finish", request=1, results=[{"id": job["id"], "token": held.pop(job["id"]), "outcome": "done"}])
