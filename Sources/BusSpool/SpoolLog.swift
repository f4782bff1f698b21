internal import BusProtocol
internal import Synchronization

/// What the writer and the readers of a log share: which segments there are, and how far they may be read.
final class SpoolLog: Sendable {
  /// The log as it is at one moment. A reader takes one and reads by it, whatever the writer does meanwhile.
  struct View: Sendable {
    var closed: [Segment]
    /// The segment that is being written; its `last` and `end` are what may be read.
    var active: Segment
    /// On disk, whatever happens.
    var durable: Offset

    var first: Offset { closed.first?.base ?? active.base }
    var head: Offset { active.last }
    var count: Int { closed.count + 1 }
    var byteCount: Int { closed.reduce(active.end) { $0 + $1.end } }

    subscript(number: Int) -> Segment { number < closed.count ? closed[number] : active }

    /// The first segment for which something holds that holds for all after it too; the last one if for none.
    func firstSegment(where holds: (Segment) -> Bool) -> Int {
      var (low, high) = (0, closed.count)
      while low < high {
        let middle = (low + high) / 2
        if holds(closed[middle]) { high = middle } else { low = middle + 1 }
      }
      return low
    }
  }

  /// What is new after most commits: numbers. To copy those is all that a single event should cost.
  struct Advance {
    let base: Offset
    let markCount: Int
    let last: Offset
    let lastTime: Timestamp
    let end: Int
    let durable: Offset
  }

  let directory: SpoolDirectory
  private let state: Mutex<View>

  init(_ directory: SpoolDirectory, _ view: View) {
    self.directory = directory
    state = Mutex(view)
  }

  var view: View { state.withLock { $0 } }
  var durable: Offset { state.withLock { $0.durable } }
  var head: Offset { state.withLock { $0.head } }
  var first: Offset { state.withLock { $0.first } }

  /// Lets readers read on, where they know the segment and its marks; false where they do not.
  func advance(_ new: Advance) -> Bool {
    state.withLock { view in
      guard view.active.header.base == new.base, view.active.marks.count == new.markCount else { return false }
      (view.active.last, view.active.lastTime, view.active.end) = (new.last, new.lastTime, new.end)
      view.durable = new.durable
      return true
    }
  }

  /// Lets readers read on in a segment that has new marks, or is new.
  func publish(_ active: Segment, durable: Offset) {
    state.withLock {
      $0.active = active
      $0.durable = durable
    }
  }

  /// Puts a new segment behind the one that was written so far.
  func add(_ active: Segment, closing full: Segment) {
    state.withLock {
      $0.closed.append(full)
      $0.active = active
    }
  }

  /// Takes the oldest segments away from readers; those that are reading one keep its bytes until they are through.
  func dropFirst(_ count: Int) {
    state.withLock { $0.closed.removeFirst(count) }
  }
}
