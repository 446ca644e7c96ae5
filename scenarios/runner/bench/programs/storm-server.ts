/** The bare end of the baseline: a TLS WebSocket server that does nothing. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { WebSocketServer } from 'ws'
import { type StormServerGiven } from '../program-lines.ts'
import { given, listen, tell } from './given.ts'

const { port, certificateFile, keyFile } = given() as StormServerGiven
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
server.listen(port, '127.0.0.1', () => tell({ kind: 'ready' }))
listen(() => {})
