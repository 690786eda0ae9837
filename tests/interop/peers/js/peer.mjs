// A js-libp2p peer for the interop tests: it listens, prints its address, and does one thing.
//
//   peer.mjs serve                          identify, ping
//   peer.mjs gossip TOPIC [ADDR...]         stdin lines out, messages in
//   peer.mjs ping COUNT ADDR
//   peer.mjs mdns                           announces itself, prints the peers it finds
//
// LISTEN (environment) is the address to listen at. Everything goes to stdout, one line each:
// "listening ADDR", "message FROM SEQNO DATA", "peer ID AGENT", "rtt MS", "found ADDR".
import readline from 'node:readline'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { mdns } from '@libp2p/mdns'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

const [mode, ...args] = process.argv.slice(2)
const listen = process.env.LISTEN ?? '/ip4/127.0.0.1/tcp/0'
const say = (...words) => process.stdout.write(words.join(' ') + '\n')

const services = { identify: identify(), ping: ping() }
if (mode === 'gossip') {
  services.pubsub = gossipsub({ emitSelf: false, allowPublishToZeroTopicPeers: true, fallbackToFloodsub: true })
}
const node = await createLibp2p({
  addresses: { listen: mode === 'ping' ? [] : [listen] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services,
  peerDiscovery: mode === 'mdns' ? [mdns({ interval: 1000 })] : [],
  // The default drops the sixth connection a second from one host; all of our peers are one host.
  connectionManager: { inboundConnectionThreshold: 1000 },
  // Peers that come and go are the tests' business, not the connection monitor's.
  connectionMonitor: { enabled: false }
})
node.addEventListener('peer:identify', (e) => say('peer', e.detail.peerId, e.detail.agentVersion))
for (const addr of node.getMultiaddrs()) say('listening', addr)

if (mode === 'ping') {
  const addr = multiaddr(args[1])
  for (let i = 0; i < Number(args[0]); ++i) say('rtt', await node.services.ping.ping(addr))
  await node.stop()
} else if (mode === 'mdns') {
  node.addEventListener('peer:discovery', (e) => {
    for (const addr of e.detail.multiaddrs) say('found', addr.toString().includes('/p2p/') ? addr : `${addr}/p2p/${e.detail.id}`)
  })
} else if (mode === 'gossip') {
  const [topic, ...peers] = args
  const pubsub = node.services.pubsub
  pubsub.addEventListener('message', (e) => {
    if (e.detail.topic === topic) say('message', e.detail.from, e.detail.sequenceNumber, Buffer.from(e.detail.data))
  })
  pubsub.subscribe(topic)
  for (const peer of peers) await node.dial(multiaddr(peer))
  while (pubsub.getSubscribers(topic).length === 0) await new Promise((r) => setTimeout(r, 5))
  say('ready', pubsub.getSubscribers(topic).length)
  for await (const line of readline.createInterface({ input: process.stdin })) {
    await pubsub.publish(topic, Buffer.from(line))
  }
  say('published')
} else if (mode !== 'serve') {
  console.error('usage: peer.mjs serve|gossip|ping|mdns ...')
  process.exit(2)
}
