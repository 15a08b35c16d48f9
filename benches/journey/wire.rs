//! The load: blocking connections, one thread each, and the two shapes in which people come.
//!
//! Threads and not a runtime: a runtime's timers tick in milliseconds, which is longer than what is measured here.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sleeping ends this much late; the rest of a wait is spun.
const SLACK_OF_SLEEP: Duration = Duration::from_micros(80);

/// The stack of a thread that only waits for answers.
const STACK: usize = 256 * 1024;

/// A connection that is kept open.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(4096),
        })
    }

    /// Sends a request and reads its answer: the status.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        self.send(request)?;
        self.answer()
    }

    pub(crate) fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request)
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> &[u8] {
        let end = self.buffer.windows(4).position(|four| four == b"\r\n\r\n");
        end.map_or(&[], |end| &self.buffer[end + 4..])
    }

    pub(crate) fn answer(&mut self) -> io::Result<u16> {
        self.buffer.clear();
        let mut chunk = [0; 4096];
        loop {
            if let Some((status, whole)) = head(&self.buffer)
                && self.buffer.len() >= whole
            {
                return Ok(status);
            }
            match self.stream.read(&mut chunk)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => self.buffer.extend_from_slice(&chunk[..read]),
            }
        }
    }
}

/// The status, and how long the whole answer is; none while the head is not complete.
fn head(bytes: &[u8]) -> Option<(u16, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let status = head.get(9..12)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    Some((status, end + 4 + length.unwrap_or(0)))
}

/// One request: when it was to be sent, how long its answer took from then on, and what it was (0: none came).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) at: Instant,
    pub(crate) took: Duration,
    pub(crate) status: u16,
    /// Did the answer say nothing? To a form and to a button that is a yes.
    pub(crate) silent: bool,
}

/// Sends each request at its time, `rate` a second, whether or not the ones before are answered. What is late counts
/// from when it should have been sent.
pub(crate) fn open(address: SocketAddr, rate: f64, requests: &[Vec<u8>]) -> Vec<Sample> {
    let threads = requests.len().min(48);
    let start = Instant::now() + Duration::from_millis(100);
    let mine = |first: usize| {
        let mut wire = Wire::connect(address);
        (first..requests.len())
            .step_by(threads)
            .map(|place| {
                let at = start + Duration::from_secs_f64(place as f64 / rate);
                wait_until(at);
                (place, one(address, &mut wire, at, &requests[place]))
            })
            .collect::<Vec<_>>()
    };
    in_order(together(threads, mine))
}

/// Sends the requests as fast as `threads` people get answers.
pub(crate) fn closed(address: SocketAddr, threads: usize, requests: &[Vec<u8>]) -> Vec<Sample> {
    let next = AtomicUsize::new(0);
    let mine = |_: usize| {
        let mut wire = Wire::connect(address);
        let mut samples = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(request) = requests.get(place) else {
                return samples;
            };
            samples.push((place, one(address, &mut wire, Instant::now(), request)));
        }
    };
    in_order(together(threads, mine))
}

/// Sends a few requests over and over for a time: how many were answered with `status` a second.
pub(crate) fn over_and_over(
    address: SocketAddr,
    threads: usize,
    lasts: Duration,
    requests: &[Vec<u8>],
    status: u16,
) -> f64 {
    let start = Instant::now();
    let mine = |first: usize| {
        let Ok(mut wire) = Wire::connect(address) else { return 0 };
        let mut answered = 0_u64;
        let mut place = first;
        while start.elapsed() < lasts {
            place = (place + threads) % requests.len();
            match wire.exchange(&requests[place]) {
                Ok(found) if found == status => answered += 1,
                Ok(_) => {}
                Err(_) => match Wire::connect(address) {
                    Ok(again) => wire = again,
                    Err(_) => return answered,
                },
            }
        }
        answered
    };
    let answered: u64 = together(threads, mine).into_iter().sum();
    answered as f64 / start.elapsed().as_secs_f64()
}

/// Everybody at once, each over a connection of their own: the moment they sent, and how many were answered with 200.
pub(crate) fn burst(address: SocketAddr, requests: &[Vec<u8>]) -> io::Result<(Instant, usize)> {
    let mut wires: Vec<Wire> = requests
        .iter()
        .map(|_| Wire::connect(address))
        .collect::<io::Result<_>>()?;
    thread::sleep(Duration::from_millis(100));
    let at = Instant::now();
    for (wire, request) in wires.iter_mut().zip(requests) {
        wire.send(request)?;
    }
    let answered = wires
        .iter_mut()
        .filter_map(|wire| wire.answer().ok())
        .filter(|status| *status == 200)
        .count();
    Ok((at, answered))
}

fn one(address: SocketAddr, wire: &mut io::Result<Wire>, at: Instant, request: &[u8]) -> Sample {
    let status = match wire {
        Ok(open) => open.exchange(request),
        Err(_) => Err(io::ErrorKind::NotConnected.into()),
    };
    let took = at.elapsed();
    let silent = wire.as_ref().is_ok_and(|wire| wire.body().is_empty());
    let sample = Sample {
        at,
        took,
        status: *status.as_ref().unwrap_or(&0),
        silent,
    };
    if status.is_err() {
        *wire = Wire::connect(address);
    }
    sample
}

/// Runs `threads` of them and gathers what they bring.
pub(crate) fn together<T: Send>(threads: usize, each: impl Fn(usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let each = &each;
        let running: Vec<_> = (0..threads)
            .map(|place| {
                let thread = thread::Builder::new().stack_size(STACK);
                thread
                    .spawn_scoped(scope, move || each(place))
                    .expect("the machine allows a few hundred threads")
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("a thread of the load does not panic"))
            .collect()
    })
}

fn in_order(samples: Vec<Vec<(usize, Sample)>>) -> Vec<Sample> {
    let mut samples: Vec<(usize, Sample)> = samples.into_iter().flatten().collect();
    samples.sort_by_key(|(place, _)| *place);
    samples.into_iter().map(|(_, sample)| sample).collect()
}

/// Waits until a moment, as exactly as the machine allows.
pub(crate) fn wait_until(at: Instant) {
    let left = at.saturating_duration_since(Instant::now());
    if left > SLACK_OF_SLEEP {
        thread::sleep(left - SLACK_OF_SLEEP);
    }
    while Instant::now() < at {
        std::hint::spin_loop();
    }
}
