#!/usr/bin/python3
"""Prints live events as lines of CloudEvents JSON:  listener.py ENDPOINT [TOPIC_PREFIX]"""
import json, struct, sys, zmq

def text_of(id_bytes):
    number = int.from_bytes(id_bytes, "big")
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> 5 * i & 31] for i in range(25, -1, -1))

def records(frame):
    """The records of a frame: header, body, zeros up to a multiple of 8. The checksums are left to those who store."""
    at = 0
    while at < len(frame):
        magic, length, offset, sequence, kind, topic, headers = struct.unpack_from("<4sI8xQ8xQ8xBxHH2x", frame, at)
        assert magic == b"BUS1", "this is no record of version 1"
        if kind == 1:
            yield offset, sequence, topic, headers, frame[at + 56 : at + 56 + length]
        at += (56 + length + 7) & ~7

listener = zmq.Context().socket(zmq.SUB)
listener.subscribe(sys.argv[2] if len(sys.argv) > 2 else "")
listener.connect(sys.argv[1])
while True:
    topic_frame, frame = listener.recv_multipart()
    if topic_frame == b"~mark":  # Ends a batch; who must not miss anything compares its counts, and reads.
        continue
    for offset, sequence, topic, headers, body in records(frame):
        event = {"specversion": "1.0", "id": text_of(body[:16]), "type": body[48 : 48 + topic].decode(), "source": "/"}
        at, data = 48 + topic, 48 + topic + headers
        while at < data:  # A header: key, length, value.
            key, length = struct.unpack_from("<BH", body, at)
            if key == 1:
                event["source"] = body[at + 3 : at + 3 + length].decode()
            at += 3 + length
        event |= {"offset": offset, "sequence": f"{sequence:020}", "data": json.loads(body[data:])}
        print(json.dumps(event), flush=True)
