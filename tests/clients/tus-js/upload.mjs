// Uploads a file with tus-js-client. Arguments: endpoint, file, sha256, document, chunk size. The token is in TOKEN.
import { createReadStream, statSync } from 'node:fs'
import * as tus from 'tus-js-client'

const [endpoint, file, sha256, document, chunkSize] = process.argv.slice(2)
const upload = new tus.Upload(createReadStream(file), {
  endpoint,
  chunkSize: Number(chunkSize),
  uploadSize: statSync(file).size,
  retryDelays: Array(60).fill(50),
  headers: { Authorization: `Bearer ${process.env.TOKEN}` },
  metadata: { sha256, document, filename: 'paper.pdf' },
  onError(error) {
    console.error(String(error))
    process.exit(1)
  },
  onSuccess() {
    console.log(upload.url)
  },
})
upload.start()
