#!/usr/bin/python3
"""Does the jobs of one worker, one at a time:  worker.py ENDPOINT ENGINE QUEUE WORKER"""
import json, os, sys, time, zmq

endpoint, engine, queue, worker = sys.argv[1:5]
bus = zmq.Context().socket(zmq.DEALER)
bus.connect(endpoint)

def say(verb, **members):
    bus.send_multipart([verb.encode(), json.dumps(members).encode()])

def work(job):
    print(worker, job["id"], json.dumps(job["inputs"]), flush=True)
    return {"id": job["id"], "token": job["token"], "outcome": "done"}

greeting = {"protocol": 1, "role": "engine", "process": f"worker.py:{os.getpid()}", "engine": engine}
lease, heard, unanswered, number = 15.0, time.monotonic(), {}, 0
say("hello", **greeting)
while True:
    if bus.poll(int(lease / 5 * 1000)):
        verb, text, *_ = bus.recv_multipart()
        members, heard = json.loads(text), time.monotonic()
        if verb == b"refused" and members["code"] == "no_session":
            say("hello", **greeting)  # busd restarted, or the connection is a new one.
        elif verb == b"welcome":
            lease = members["lease"] / 1e6
            say("hands", engine=engine, queues=[f"{engine}/{queue}"], workers=[worker], concurrency=1)
            for request, results in unanswered.items():  # Asked again, it is done once.
                say("finish", request=request, results=results)
        elif verb == b"jobs":
            for job in members["jobs"]:  # A longer job would beat meanwhile, at least every third of the lease.
                number += 1
                unanswered[number] = [work(job)]
                say("finish", request=number, results=unanswered[number])
        elif verb == b"finished":
            unanswered.pop(members["request"], None)
    elif time.monotonic() - heard < lease:
        say("beat", jobs=[{"id": r["id"], "token": r["token"]} for [r] in unanswered.values()], subscriptions=[])
    else:
        say("hello", **greeting)  # Nothing heard for a lease.
