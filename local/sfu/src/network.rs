//! The one task that moves packets: one UDP socket for everybody, told apart by ICE.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tracing::{debug, warn};

use crate::service::Shared;

/// Larger than any datagram of WebRTC.
const DATAGRAM_BYTES: usize = 2048;
/// Datagrams that are taken before connections run: frames come as several at once.
const BURST: usize = 64;
/// The shortest sleep, so that a connection that wants to run at once does not keep the task from everything else.
const REST: Duration = Duration::from_millis(1);

/// Runs until everybody is out after [`Shared::stop`], or until it is aborted.
pub(crate) async fn run(shared: Arc<Shared>, socket: UdpSocket) {
    let mut datagram = vec![0; DATAGRAM_BYTES];
    loop {
        let now = Instant::now();
        let next = {
            let mut rooms = shared.rooms();
            for _ in 0..BURST {
                match socket.try_recv_from(&mut datagram) {
                    Ok((length, source)) => rooms.receive(now, source, &datagram[..length]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    // The answer to a datagram that nobody took; it says nothing about the next.
                    Err(error) => debug!(%error, "UDP"),
                }
            }
            let next = rooms.run(now, &mut |transmit| {
                if let Err(error) = socket.try_send_to(&transmit.contents, transmit.destination) {
                    debug!(%error, "a datagram was not sent");
                }
            });
            if shared.is_stopping() && !rooms.is_parting() {
                return;
            }
            next
        };
        let next = next.max(now + REST);
        tokio::select! {
            readable = socket.readable() => if let Err(error) = readable {
                warn!(%error, "the UDP socket is lost");
                return;
            },
            () = shared.changed() => {}
            () = tokio::time::sleep_until(next.into()) => {}
        }
    }
}
