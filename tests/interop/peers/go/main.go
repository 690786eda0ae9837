// A go-libp2p peer for the interop tests and benchmarks: it listens, prints its address, and does one thing.
//
//	gopeer serve  [-listen ADDR] [-security noise|tls|both] [-key ed25519|secp256k1|ecdsa|rsa]
//	gopeer gossip [-listen ADDR] [-floodsub] [-wait N] TOPIC [ADDR...]   stdin lines out, messages in
//	gopeer ping COUNT ADDR
//	gopeer perf UP DOWN ADDR                                             bytes; prints seconds of each
//	gopeer handshakes COUNT ADDR                                         prints connections a second
//
// Everything it reports goes to stdout, one line each: "listening ADDR", "message FROM SEQNO DATA",
// "peer ID AGENT", "rtt MS".
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/multiformats/go-multiaddr"
)

const perfProtocol = "/perf/1.0.0"

var out sync.Mutex

func say(format string, args ...any) {
	out.Lock()
	defer out.Unlock()
	fmt.Printf(format+"\n", args...)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "gopeer:", err)
		os.Exit(1)
	}
}

func newKey(kind string) crypto.PrivKey {
	kinds := map[string]int{"ed25519": crypto.Ed25519, "secp256k1": crypto.Secp256k1, "ecdsa": crypto.ECDSA, "rsa": crypto.RSA}
	key, _, err := crypto.GenerateKeyPairWithReader(kinds[kind], 2048, rand.Reader)
	check(err)
	return key
}

func newHost(listen, security, kind string) host.Host {
	options := []libp2p.Option{
		libp2p.Identity(newKey(kind)), libp2p.Transport(tcp.NewTCPTransport),
		libp2p.DisableRelay(), libp2p.ResourceManager(&network.NullResourceManager{}),
	}
	if listen == "" {
		options = append(options, libp2p.NoListenAddrs)
	} else {
		options = append(options, libp2p.ListenAddrStrings(listen))
	}
	if security != "noise" {
		options = append(options, libp2p.Security(tls.ID, tls.New))
	}
	if security != "tls" {
		options = append(options, libp2p.Security(noise.ID, noise.New))
	}
	h, err := libp2p.New(options...)
	check(err)
	h.SetStreamHandler(perfProtocol, servePerf)
	return h
}

func announce(h host.Host) {
	for _, addr := range h.Addrs() {
		say("listening %s/p2p/%s", addr, h.ID())
	}
	events, err := h.EventBus().Subscribe(new(event.EvtPeerIdentificationCompleted))
	check(err)
	go func() {
		for e := range events.Out() {
			done := e.(event.EvtPeerIdentificationCompleted)
			say("peer %s %s", done.Peer, done.AgentVersion)
		}
	}()
}

func connect(h host.Host, text string) peer.ID {
	addr, err := multiaddr.NewMultiaddr(text)
	check(err)
	info, err := peer.AddrInfoFromP2pAddr(addr)
	check(err)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	check(h.Connect(ctx, *info))
	return info.ID
}

func servePerf(s network.Stream) {
	var head [8]byte
	if _, err := io.ReadFull(s, head[:]); err != nil {
		s.Reset()
		return
	}
	buffer := make([]byte, 64<<10)
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{s}, buffer); err != nil {
		s.Reset()
		return
	}
	if err := send(s, binary.BigEndian.Uint64(head[:])); err != nil {
		s.Reset()
		return
	}
	s.CloseWrite()
}

func send(s network.Stream, size uint64) error {
	buffer := make([]byte, 64<<10)
	for size > 0 {
		n := min(size, uint64(len(buffer)))
		if _, err := s.Write(buffer[:n]); err != nil {
			return err
		}
		size -= n
	}
	return nil
}

func runPerf(h host.Host, up, down uint64, addr string) {
	id := connect(h, addr)
	s, err := h.NewStream(context.Background(), id, perfProtocol)
	check(err)
	var head [8]byte
	binary.BigEndian.PutUint64(head[:], down)
	_, err = s.Write(head[:])
	check(err)
	start := time.Now()
	check(send(s, up))
	check(s.CloseWrite())
	first := make([]byte, 1)
	if down > 0 {
		_, err = io.ReadFull(s, first)
		check(err)
	}
	turned := time.Now()
	buffer := make([]byte, 64<<10)
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{s}, buffer)
	check(err)
	if down > 0 {
		n++
	}
	if uint64(n) != down {
		check(fmt.Errorf("wanted %d bytes, got %d", down, n))
	}
	say("perf %d %.6f %d %.6f", up, turned.Sub(start).Seconds(), down, time.Since(turned).Seconds())
}

func runHandshakes(h host.Host, count int, addr string) {
	id := connect(h, addr)
	h.Network().ClosePeer(id)
	start := time.Now()
	for range count {
		h.Network().(*swarm.Swarm).Backoff().Clear(id)
		connect(h, addr)
		h.Network().ClosePeer(id)
	}
	say("handshakes %d %.6f", count, time.Since(start).Seconds())
}

func runPing(h host.Host, count int, addr string) {
	id := connect(h, addr)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	results := ping.Ping(ctx, h, id)
	for range count {
		r := <-results
		check(r.Error)
		say("rtt %.3f", float64(r.RTT.Microseconds())/1000)
	}
}

func runGossip(h host.Host, floodsub bool, wait int, topicName string, peers []string) {
	const queue = 4096
	ctx := context.Background()
	start := pubsub.NewGossipSub
	if floodsub {
		start = pubsub.NewFloodSub
	}
	// It drops what comes while its queues, of 32 by default, are full, and a machine that stalls for a moment
	// fills them. How it bears floods is not what the tests ask.
	ps, err := start(ctx, h, pubsub.WithMaxMessageSize(1<<20), pubsub.WithPeerOutboundQueueSize(queue),
		pubsub.WithValidateQueueSize(queue))
	check(err)
	topic, err := ps.Join(topicName)
	check(err)
	sub, err := topic.Subscribe(pubsub.WithBufferSize(1 << 16))
	check(err)
	for _, addr := range peers {
		connect(h, addr)
	}
	announce(h)
	go func() {
		for {
			m, err := sub.Next(ctx)
			if err != nil {
				return
			}
			if m.ReceivedFrom != h.ID() {
				say("message %s %s %s", m.GetFrom(), hex.EncodeToString(m.GetSeqno()), m.Data)
			}
		}
	}()
	for len(topic.ListPeers()) < wait {
		time.Sleep(5 * time.Millisecond)
	}
	say("ready %d", len(topic.ListPeers()))
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		check(topic.Publish(ctx, lines.Bytes()))
	}
	say("published")
	select {}
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: gopeer serve|gossip|ping|perf|handshakes ...")
		os.Exit(2)
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	listen := flags.String("listen", "/ip4/127.0.0.1/tcp/0", "address to listen at, or empty")
	security := flags.String("security", "noise", "noise, tls or both")
	kind := flags.String("key", "ed25519", "identity type")
	floodsub := flags.Bool("floodsub", false, "floodsub instead of gossipsub")
	wait := flags.Int("wait", 1, "topic peers to wait for before publishing")
	check(flags.Parse(os.Args[2:]))
	args := flags.Args()
	number := func(i int) uint64 {
		n, err := strconv.ParseUint(args[i], 10, 64)
		check(err)
		return n
	}
	switch os.Args[1] {
	case "serve":
		announce(newHost(*listen, *security, *kind))
		select {}
	case "gossip":
		runGossip(newHost(*listen, *security, *kind), *floodsub, *wait, args[0], args[1:])
	case "ping":
		runPing(newHost("", *security, *kind), int(number(0)), args[1])
	case "perf":
		runPerf(newHost("", *security, *kind), number(0), number(1), args[2])
	case "handshakes":
		runHandshakes(newHost("", *security, *kind), int(number(0)), args[1])
	default:
		check(fmt.Errorf("unknown mode %q", os.Args[1]))
	}
}
