/**
 * The bare end of the baseline: a TLS WebSocket server that does nothing, as a process of its own.
 * `node storm-server.ts PORT CERTIFICATE KEY`; prints one line when it listens and ends with its standard input.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { WebSocketServer } from 'ws'

const [port, certificateFile, keyFile] = process.argv.slice(2)
if (port === undefined || certificateFile === undefined || keyFile === undefined) process.exit(64)

const server = createServer({
  cert: readFileSync(certificateFile),
  key: readFileSync(keyFile),
  minVersion: 'TLSv1.3',
  ecdhCurve: 'X25519',
})
const sockets = new WebSocketServer({ server, perMessageDeflate: false })
sockets.on('connection', (socket) => {
  socket.on('error', () => socket.terminate())
  socket.send('welcome')
})
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('{"kind":"ready"}\n'))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
