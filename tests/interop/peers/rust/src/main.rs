//! A rust-libp2p peer for the interop tests: it listens, prints its address, and does one thing.
//!
//!     rustpeer serve  [-key ed25519|secp256k1|ecdsa]
//!     rustpeer gossip TOPIC [ADDR...]    stdin lines out, messages in
//!     rustpeer ping COUNT ADDR
//!
//! Everything it reports goes to stdout, one line each: "listening ADDR", "message FROM SEQNO DATA",
//! "peer ID AGENT", "rtt MS".

use std::error::Error;
use std::time::Duration;

use libp2p::futures::StreamExt;
use libp2p::gossipsub::{self, IdentTopic, MessageAuthenticity};
use libp2p::identity::{Keypair, ecdsa, secp256k1};
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, Swarm, SwarmBuilder, identify, noise, ping, tcp, yamux};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};

type Failure = Box<dyn Error + Send + Sync>;

#[derive(NetworkBehaviour)]
struct Behaviour {
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    gossipsub: Toggle<gossipsub::Behaviour>,
}

fn new_key(kind: &str) -> Result<Keypair, Failure> {
    Ok(match kind {
        "ed25519" => Keypair::generate_ed25519(),
        "secp256k1" => secp256k1::Keypair::generate().into(),
        "ecdsa" => ecdsa::Keypair::generate().into(),
        other => return Err(format!("no key type {other:?}").into()),
    })
}

fn new_gossip(key: &Keypair) -> Result<gossipsub::Behaviour, Failure> {
    let config = gossipsub::ConfigBuilder::default()
        .max_transmit_size(1 << 20)
        .heartbeat_initial_delay(Duration::from_millis(100))
        .build()?;
    Ok(gossipsub::Behaviour::new(MessageAuthenticity::Signed(key.clone()), config)?)
}

fn new_swarm(key: Keypair, gossips: bool, pings: Duration) -> Result<Swarm<Behaviour>, Failure> {
    let agent = identify::Config::new("/ipfs/0.1.0".into(), key.public())
        .with_agent_version("rust-libp2p/0.56.0".into());
    let gossip = gossips.then(|| new_gossip(&key)).transpose()?;
    Ok(SwarmBuilder::with_existing_identity(key)
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)?
        .with_behaviour(|_| Behaviour {
            identify: identify::Behaviour::new(agent),
            ping: ping::Behaviour::new(ping::Config::new().with_interval(pings)),
            gossipsub: gossip.into(),
        })?
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(300)))
        .build())
}

/// The next line of standard input; for ever pending once it has ended.
async fn next_line(lines: &mut Option<Lines<BufReader<Stdin>>>) -> Option<String> {
    match lines {
        Some(open) => open.next_line().await.ok().flatten(),
        None => std::future::pending().await,
    }
}

struct Peer {
    swarm: Swarm<Behaviour>,
    topic: Option<IdentTopic>,
    /// Pings to answer before it ends; none: it goes on.
    pings_left: Option<u32>,
    /// Dialed only when it listens and says so, so that its address always comes first.
    dial: Vec<Multiaddr>,
}

impl Peer {
    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) -> Result<bool, Failure> {
        match event {
            SwarmEvent::NewListenAddr { address, .. } => {
                println!("listening {address}/p2p/{}", self.swarm.local_peer_id());
                for to in std::mem::take(&mut self.dial) {
                    self.swarm.dial(to)?;
                }
            }
            SwarmEvent::OutgoingConnectionError { error, .. } => return Err(error.into()),
            SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received {
                peer_id,
                info,
                ..
            })) => println!("peer {peer_id} {}", info.agent_version),
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event { result, .. })) => {
                if let Some(left) = &mut self.pings_left {
                    println!("rtt {:.3}", result?.as_secs_f64() * 1000.0);
                    *left -= 1;
                    return Ok(*left == 0);
                }
            }
            SwarmEvent::Behaviour(BehaviourEvent::Gossipsub(gossipsub::Event::Message {
                message,
                ..
            })) => println!(
                "message {} {:016x} {}",
                message.source.map(|id| id.to_string()).unwrap_or_default(),
                message.sequence_number.unwrap_or_default(),
                String::from_utf8_lossy(&message.data)
            ),
            _ => {}
        }
        Ok(false)
    }

    fn publish(&mut self, line: String) -> Result<(), Failure> {
        let (Some(gossip), Some(topic)) =
            (self.swarm.behaviour_mut().gossipsub.as_mut(), &self.topic)
        else {
            return Ok(());
        };
        match gossip.publish(topic.hash(), line) {
            // What is said before anyone listens is lost, as in the other peers.
            Ok(_) | Err(gossipsub::PublishError::NoPeersSubscribedToTopic) => Ok(()),
            Err(why) => Err(why.into()),
        }
    }

    async fn run(&mut self) -> Result<(), Failure> {
        let mut lines = Some(BufReader::new(tokio::io::stdin()).lines());
        loop {
            tokio::select! {
                event = self.swarm.select_next_some() => {
                    if self.on_event(event)? {
                        return Ok(());
                    }
                }
                line = next_line(&mut lines) => match line {
                    Some(line) => self.publish(line)?,
                    None => lines = None,
                },
            }
        }
    }
}

async fn run(args: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let hour = Duration::from_secs(3600);
    let mut topic = None;
    let mut pings_left = None;
    let (swarm, dial) = match words.as_slice() {
        ["serve"] => (new_swarm(new_key("ed25519")?, false, hour)?, &words[..0]),
        ["serve", "-key", kind] => (new_swarm(new_key(kind)?, false, hour)?, &words[..0]),
        ["gossip", name, peers @ ..] => {
            topic = Some(IdentTopic::new(*name));
            (new_swarm(new_key("ed25519")?, true, hour)?, peers)
        }
        ["ping", count, peer @ ..] => {
            pings_left = Some(count.parse()?);
            (new_swarm(new_key("ed25519")?, false, Duration::from_millis(100))?, peer)
        }
        _ => return Err("usage: rustpeer serve|gossip|ping ...".into()),
    };
    let dial = dial.iter().map(|addr| addr.parse()).collect::<Result<_, _>>()?;
    let mut peer = Peer { swarm, topic, pings_left, dial };
    if let (Some(gossip), Some(topic)) =
        (peer.swarm.behaviour_mut().gossipsub.as_mut(), &peer.topic)
    {
        gossip.subscribe(topic)?;
    }
    peer.swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse()?)?;
    peer.run().await
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Err(why) = run(&args).await {
        eprintln!("rustpeer: {why}");
        std::process::exit(1);
    }
}
