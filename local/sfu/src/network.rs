//! The packet task: one UDP socket for all connections. ICE assigns each datagram to its connection.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tracing::{debug, warn};

use crate::service::Shared;

/// Size of the receive buffer, larger than any WebRTC datagram.
const DATAGRAM_BYTES: usize = 2048;
/// Maximum number of datagrams read before the connections run. A frame arrives as several datagrams at once.
const BURST: usize = 64;
/// Shortest sleep between two runs, so that a busy connection cannot occupy the thread.
const MIN_SLEEP: Duration = Duration::from_millis(1);

/// Moves packets until all connections are closed after [`Shared::stop`], or until the task is aborted.
pub(crate) async fn run(shared: Arc<Shared>, socket: UdpSocket) {
    let mut datagram = vec![0; DATAGRAM_BYTES];
    loop {
        let now = Instant::now();
        let next = {
            let mut channels = shared.channels();
            for _ in 0..BURST {
                match socket.try_recv_from(&mut datagram) {
                    Ok((length, source)) => channels.receive(now, source, &datagram[..length]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    // An ICMP error about an earlier datagram; later datagrams are not affected.
                    Err(error) => debug!(%error, "UDP receive failed; the task continues"),
                }
            }
            let next = channels.run(now, &mut |transmit| {
                if let Err(error) = socket.try_send_to(&transmit.contents, transmit.destination) {
                    debug!(%error, "UDP send failed; the datagram is lost");
                }
            });
            if shared.is_stopping() && !channels.is_closing() {
                return;
            }
            next
        };
        let next = next.max(now + MIN_SLEEP);
        tokio::select! {
            readable = socket.readable() => if let Err(error) = readable {
                warn!(%error, "the UDP socket failed; the SFU forwards no more packets");
                return;
            },
            () = shared.changed() => {}
            () = tokio::time::sleep_until(next.into()) => {}
        }
    }
}
