"""Prints events as they come, a line of JSON each: listener.py ENDPOINT TOPIC-PREFIX"""
import json
import struct
import sys

import zmq

endpoint, prefix = sys.argv[1:3]
socket = zmq.Context().socket(zmq.SUB)
socket.subscribe(prefix.encode())
socket.connect(endpoint)


def events(records):
    """Reads records one behind the other: a header of 56 bytes, a body, zeros up to a multiple of 8."""
    position = 0
    while position < len(records):
        length, offset, sequence, kind, topic_length, headers_length = struct.unpack_from(
            "<4xI8xQ8xQ8xBxHH", records, position)
        if kind == 1:
            body = records[position + 56:position + 56 + length]
            data = body[48 + topic_length + headers_length:]
            topic = body[48:48 + topic_length].decode()
            yield {"offset": offset, "sequence": sequence, "id": body[:16].hex(), "type": topic,
                   "data": json.loads(data)}
        position += (56 + length + 7) // 8 * 8


while True:
    topic, records = socket.recv_multipart()
    for event in events(records):
        print(json.dumps(event), flush=True)
