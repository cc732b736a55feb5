"""Uploads a file with tuspy. Arguments: endpoint, file, sha256, document, chunk size. The token is in TOKEN."""

import os
import sys

from tusclient import client

endpoint, file, sha256, document, chunk_size = sys.argv[1:]
tus = client.TusClient(endpoint, headers={"Authorization": "Bearer " + os.environ["TOKEN"]})
uploader = tus.uploader(
    file,
    chunk_size=int(chunk_size),
    metadata={"sha256": sha256, "document": document, "filename": "paper.pdf"},
    retries=60,
    retry_delay=0.05,
)
uploader.upload()
print(uploader.url)
