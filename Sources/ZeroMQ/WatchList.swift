internal import CZeroMQ

/// The sockets that a thread watches, kept in the form that `zmq_poll` takes.
struct WatchList {
  struct Watch {
    let id: WatchID
    let socket: SocketHandle
    let onInput: () -> Void
    var isPaused = false
  }

  private var watches: [Watch] = []
  /// What is polled: the descriptor that wakes, then the sockets of `polled`.
  private var items: [zmq_pollitem_t]
  private var polled: [WatchID] = []
  private var isStale = false

  init(wakeDescriptor: Int32) {
    items = [zmq_pollitem_t(socket: nil, fd: wakeDescriptor, events: Int16(ZMQ_POLLIN), revents: 0)]
  }

  mutating func insert(_ watch: Watch) {
    watches.append(watch)
    isStale = true
  }

  /// Takes a watch out. The caller lets go of it, so that nothing of its closure ends inside the list.
  mutating func remove(_ id: WatchID) -> Watch? {
    guard let index = watches.firstIndex(where: { $0.id == id }) else { return nil }
    isStale = true
    return watches.remove(at: index)
  }

  mutating func removeAll() -> [Watch] {
    defer { (watches, isStale) = ([], true) }
    return watches
  }

  mutating func setPaused(_ id: WatchID, _ isPaused: Bool) {
    guard let index = watches.firstIndex(where: { $0.id == id }), watches[index].isPaused != isPaused else { return }
    watches[index].isPaused = isPaused
    isStale = true
  }

  /// Waits until a socket has input, the descriptor wakes, or the milliseconds are over; true when it woke.
  mutating func poll(timeout: Int) -> Bool {
    if isStale { rebuild() }
    guard zmq_poll(&items, Int32(items.count), timeout) >= 0 else {
      precondition(zmq_errno() == EINTR, "zmq_poll failed on sockets that are kept open: errno \(zmq_errno())")
      for index in items.indices { items[index].revents = 0 }
      return false
    }
    return items[0].revents != 0
  }

  var polledCount: Int { polled.count }

  /// What to call for the socket polled at an index, if it has input and its watch still stands.
  func handler(at index: Int) -> (() -> Void)? {
    guard items[index + 1].revents != 0 else { return nil }
    return watches.first { $0.id == polled[index] && !$0.isPaused }?.onInput
  }

  private mutating func rebuild() {
    items.removeLast(items.count - 1)
    polled.removeAll(keepingCapacity: true)
    for watch in watches where !watch.isPaused {
      items.append(zmq_pollitem_t(socket: watch.socket.pointer, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0))
      polled.append(watch.id)
    }
    isStale = false
  }
}
