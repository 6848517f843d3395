//! Virtual time: runs futures on one thread, in an order that depends on nothing but their virtual times.

use std::cell::{Cell, RefCell};
use std::collections::{BinaryHeap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

type Task = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    static NOW_MS: Cell<i64> = const { Cell::new(0) };
    static COUNT: Cell<u64> = const { Cell::new(0) };
    static READY: RefCell<VecDeque<usize>> = const { RefCell::new(VecDeque::new()) };
    static TIMERS: RefCell<BinaryHeap<Timer>> = const { RefCell::new(BinaryHeap::new()) };
    static TASKS: RefCell<Vec<Option<Task>>> = const { RefCell::new(Vec::new()) };
    static FREE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// A wait for a time. Timers of the same time fire in the order in which they were made.
struct Timer {
    at_ms: i64,
    number: u64,
    is_over: Arc<AtomicBool>,
    waker: Waker,
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Timer {}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timer {
    // The heap returns its greatest element, so the earliest timer is the greatest.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at_ms, other.number).cmp(&(self.at_ms, self.number))
    }
}

struct TaskWaker(usize);

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        READY.with_borrow_mut(|ready| ready.push_back(self.0));
    }
}

/// Returns the virtual time in milliseconds since the start.
pub fn now_ms() -> i64 {
    NOW_MS.get()
}

/// Ends all tasks and sets the time to 0.
pub fn reset() {
    // The tasks are dropped outside of the borrow, since their values may use the executor when they are dropped.
    drop(TASKS.take());
    drop(TIMERS.take());
    READY.take();
    FREE.take();
    NOW_MS.set(0);
    COUNT.set(0);
}

/// Starts a task.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    let task: Task = Box::pin(task);
    let id = FREE.with_borrow_mut(Vec::pop);
    let id = TASKS.with_borrow_mut(|tasks| match id {
        Some(id) => {
            tasks[id] = Some(task);
            id
        }
        None => {
            tasks.push(Some(task));
            tasks.len() - 1
        }
    });
    READY.with_borrow_mut(|ready| ready.push_back(id));
}

/// Calls `action` after a virtual time.
pub fn after(ms: i64, action: impl FnOnce() + 'static) {
    spawn(async move {
        sleep(ms).await;
        action();
    });
}

/// Runs all tasks up to this time.
pub fn run_until(end_ms: i64) {
    loop {
        while let Some(id) = READY.with_borrow_mut(VecDeque::pop_front) {
            poll(id);
        }
        let next = TIMERS.with_borrow_mut(|timers| match timers.peek() {
            Some(timer) if timer.at_ms <= end_ms => timers.pop(),
            _ => None,
        });
        let Some(timer) = next else { break };
        NOW_MS.set(timer.at_ms);
        timer.is_over.store(true, Ordering::Relaxed);
        timer.waker.wake();
    }
    NOW_MS.set(end_ms);
}

fn poll(id: usize) {
    // A finished task may be woken once more.
    let Some(mut task) = TASKS.with_borrow_mut(|tasks| tasks.get_mut(id).and_then(Option::take)) else {
        return;
    };
    let waker = Waker::from(Arc::new(TaskWaker(id)));
    match task.as_mut().poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(()) => FREE.with_borrow_mut(|free| free.push(id)),
        Poll::Pending => TASKS.with_borrow_mut(|tasks| tasks[id] = Some(task)),
    }
}

/// Waits for a virtual time.
pub fn sleep(ms: i64) -> Sleep {
    Sleep { at_ms: now_ms() + ms.max(0), is_over: None }
}

/// The future of [`sleep`].
pub struct Sleep {
    at_ms: i64,
    is_over: Option<Arc<AtomicBool>>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let Some(is_over) = &self.is_over {
            // A spurious wake: the timer that was made first still has the waker of this task.
            return if is_over.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending };
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let number = COUNT.get();
        COUNT.set(number + 1);
        let timer = Timer {
            at_ms: self.at_ms,
            number,
            is_over: Arc::clone(&is_over),
            waker: context.waker().clone(),
        };
        TIMERS.with_borrow_mut(|timers| timers.push(timer));
        self.is_over = Some(is_over);
        Poll::Pending
    }
}
