"""boto3's own waiters, one thread an image: what a script does that waits for many images at once.

The images' ids come on the first line; then the calls made so far are told, a line each time that a line comes.
"""

import os
import sys
import threading
from contextlib import suppress
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, WaiterError

#: One for each call: appending is safe between threads.
CALLS: list[int] = []


def wait(client: Any, image_id: str) -> None:
    with suppress(WaiterError, BotoCoreError):  # when the benchmark ends
        client.get_waiter("image_available").wait(ImageIds=[image_id], WaiterConfig={"Delay": 15, "MaxAttempts": 4000})


def main() -> None:
    ids = sys.stdin.readline().split()
    client = boto3.client("ec2", region_name=os.environ["AWS_REGION"], config=Config(max_pool_connections=50))
    client.meta.events.register("before-call", lambda **_: CALLS.append(1))
    for each in ids:
        threading.Thread(target=wait, args=(client, each), daemon=True).start()
    for _ in sys.stdin:
        sys.stdout.write(f"{len(CALLS)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
