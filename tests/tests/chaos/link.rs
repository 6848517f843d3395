//! The network between a terminal and the broker: a proxy whose connections can be cut, with the broker noticing it later.

use std::cell::RefCell;
use std::rc::Rc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The network of one device.
pub struct Link {
    port: u16,
    /// True while the network is there.
    open: watch::Sender<bool>,
    /// Connections that the device has lost and the broker still holds.
    dangling: Rc<RefCell<Vec<TcpStream>>>,
}

impl Link {
    /// Makes a network to the broker at this address; it is there.
    pub async fn new(broker: (String, u16)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let open = watch::Sender::new(true);
        let dangling = Rc::new(RefCell::new(Vec::new()));
        tokio::task::spawn_local(accept(listener, broker, open.subscribe(), Rc::clone(&dangling)));
        Self { port, open, dangling }
    }

    /// The port to which the device connects.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Cuts the connections. The device notices it, and the broker not yet.
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    /// Lets the broker notice the connections that were cut.
    pub fn notice(&self) {
        self.dangling.borrow_mut().clear();
    }

    /// Makes the network available again.
    pub fn open(&self) {
        self.open.send_replace(true);
    }
}

async fn accept(
    listener: TcpListener,
    broker: (String, u16),
    open: watch::Receiver<bool>,
    dangling: Rc<RefCell<Vec<TcpStream>>>,
) {
    // It ends with the runtime of the run.
    while let Ok((client, _)) = listener.accept().await {
        if !*open.borrow() {
            continue;
        }
        let (open, dangling, broker) = (open.clone(), Rc::clone(&dangling), broker.clone());
        tokio::task::spawn_local(async move {
            if let Ok(upstream) = TcpStream::connect(broker).await {
                carry(client, upstream, open, &dangling).await;
            }
        });
    }
}

async fn carry(
    mut client: TcpStream,
    mut upstream: TcpStream,
    mut open: watch::Receiver<bool>,
    dangling: &RefCell<Vec<TcpStream>>,
) {
    // Without a delay on either side; a failure only makes it slow.
    let _ = (client.set_nodelay(true), upstream.set_nodelay(true));
    let is_cut = tokio::select! {
        _ = copy_bidirectional(&mut client, &mut upstream) => false,
        cut = open.wait_for(|open| !open) => cut.is_ok(),
    };
    if is_cut {
        dangling.borrow_mut().push(upstream);
    }
}
