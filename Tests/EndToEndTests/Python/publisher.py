"""Publishes one event and waits until it is on busd's disk: publisher.py ENDPOINT TOPIC JSON"""
import json
import sys

import zmq

endpoint, topic, data = sys.argv[1:4]
socket = zmq.Context().socket(zmq.DEALER)
socket.linger = 0
socket.rcvtimeo = 5000
socket.connect(endpoint)


def ask(verb, members, *frames):
    """Sends verb, JSON and bytes; answers with the verb and the JSON that come back."""
    socket.send_multipart([verb, json.dumps(members).encode(), *frames])
    answer = socket.recv_multipart()
    return answer[0].decode(), json.loads(answer[1])


ask(b"hello", {"protocol": 1, "role": "service", "process": "publisher.py"})
verb, answer = ask(b"publish", {"request": 1, "topic": topic, "source": "python"}, data.encode())
print(verb, answer)
sys.exit(0 if verb == "published" else 1)
