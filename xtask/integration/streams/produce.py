"""Makes a topic or stream of messages with clients that know nothing of this project.

    produce.py kafka|nats BROKER TOPIC COUNT POISON

Each POISON-th message is no JSON.
"""
import asyncio
import json
import sys


def message(number, poison):
    if number % poison == 0:
        return b"not json %d" % number
    row = {"name": "amount", "type": "Double", "value": number + 0.5, "processInstanceId": f"i-{number}", "processDefinitionKey": "d"}
    return json.dumps(row).encode()


def kafka(broker, topic, count, poison):
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient, NewTopic

    KafkaAdminClient(bootstrap_servers=broker).create_topics([NewTopic(topic, 6, 1)])
    producer = KafkaProducer(bootstrap_servers=broker, acks="all", linger_ms=20, batch_size=262144)
    for number in range(count):
        producer.send(topic, message(number, poison), key=str(number).encode())
    producer.flush()


async def nats(broker, topic, count, poison):
    import nats

    client = await nats.connect(f"nats://{broker}")
    stream = client.jetstream()
    await stream.add_stream(name=topic, subjects=[f"{topic}.>"])
    waiting = []
    for number in range(count):
        waiting.append(stream.publish(f"{topic}.row", message(number, poison)))
        if len(waiting) == 500:
            await asyncio.gather(*waiting)
            waiting.clear()
    await asyncio.gather(*waiting)
    assert (await stream.stream_info(topic)).state.messages == count
    await client.close()


def main():
    kind, broker, topic, count, poison = sys.argv[1:]
    if kind == "kafka":
        kafka(broker, topic, int(count), int(poison))
    else:
        asyncio.run(nats(broker, topic, int(count), int(poison)))


main()
