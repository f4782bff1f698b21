internal import BusProtocol

/// The first ready jobs of each queue, in the order in which they go: a claim finds them without a look at the table.
///
/// What the table says is what counts. A window is dropped when a job of its queue becomes ready, or ceases to be, in any
/// other way than by being asked for and being taken (``QueueBook/move(from:to:count:of:isTaken:)`` tells), and when
/// something else of a ready job changes. A new job is the youngest of its priority, so it belongs behind the others of
/// it. A window is whole when it has as many jobs as the book counts.
struct ReadyWindows {
  /// The most jobs that are read at once into one.
  static let maximumCount = 4096
  /// The most jobs in all of them, and the most bytes of their inputs.
  static let maximumTotal = 4 * maximumCount
  static let maximumByteCount = 16 << 20

  private var windows: [Int64: ReadyWindow] = [:]
  private(set) var count = 0
  private(set) var byteCount = 0

  func count(of queue: Int64) -> Int { windows[queue]?.count ?? 0 }

  /// How many jobs to read where at least so many are wanted: more each time, as long as nothing drops the window.
  func readCount(of queue: Int64, wanting count: Int) -> Int {
    let size = min(max(count, 2 * (windows[queue]?.readCount ?? 0)), ReadyWindows.maximumCount)
    return max(count, min(size, ReadyWindows.maximumTotal - self.count))
  }

  /// Something of a queue's ready jobs changed.
  mutating func drop(_ queue: Int64) {
    guard let window = windows.removeValue(forKey: queue) else { return }
    count -= window.count
    byteCount -= window.byteCount
  }

  mutating func dropAll() { self = ReadyWindows() }

  /// Jobs were read, in their order, because so many were asked for.
  mutating func fill(_ queue: Int64, _ jobs: [ClaimCandidate], readCount: Int) {
    drop(queue)
    var window = ReadyWindow()
    for job in jobs { window.append(job) }
    window.readCount = readCount
    windows[queue] = window
    count += window.count
    byteCount += window.byteCount
  }

  /// Whether a new job that is ready, where before it so many are, has its place here. It stays out where others that are
  /// not here go before it, and where there is no room.
  func takes(_ priority: Int, among readyCount: Int, in queue: Int64) -> Bool {
    let countOfQueue = count(of: queue)
    return count < ReadyWindows.maximumTotal && countOfQueue < ReadyWindows.maximumCount
      && byteCount < ReadyWindows.maximumByteCount
      && (countOfQueue == readyCount || windows[queue]?.last.map { priority > $0.priority } ?? false)
  }

  /// A job was kept that has its place here.
  mutating func enter(_ job: ClaimCandidate) {
    windows[job.queue, default: ReadyWindow()].append(job)
    count += 1
    byteCount += job.byteCount
  }

  /// A job that waited before is ready, where before it so many were: it goes where it belongs.
  mutating func insert(_ job: ClaimCandidate, among readyCount: Int) {
    let queue = job.queue
    let isWhole = count(of: queue) == readyCount
    guard isWhole || !endBefore(job.seq, priority: job.priority, of: queue) else { return }
    // Without room, those that come after it would go before it.
    guard count < ReadyWindows.maximumTotal, count(of: queue) < ReadyWindows.maximumCount,
      byteCount < ReadyWindows.maximumByteCount
    else { return drop(queue) }
    windows[queue, default: ReadyWindow()].insert(job)
    count += 1
    byteCount += job.byteCount
  }

  /// Whether a ready job has its place behind all that are here of its queue.
  func endBefore(_ seq: Int64, priority: Int, of queue: Int64) -> Bool {
    guard let last = windows[queue]?.last else { return true }
    return priority < last.priority || priority == last.priority && seq > last.seq
  }

  /// The first jobs, at most so many, without those of some workers. They are not ready any more.
  mutating func take(_ limit: Int, from queue: Int64, except workers: Set<Name>) -> [ClaimCandidate] {
    guard let taken = windows[queue]?.take(limit, except: workers) else { return [] }
    count -= taken.count
    for job in taken { byteCount -= job.byteCount }
    return taken
  }

  /// How many there are without those of some workers, counted no further than asked.
  func available(_ limit: Int, of queue: Int64, except workers: Set<Name>) -> Int {
    windows[queue]?.available(limit, except: workers) ?? 0
  }

  /// The first job of each priority, the highest first.
  func heads(of queue: Int64, except workers: Set<Name>) -> [ClaimCandidate] {
    windows[queue]?.heads(except: workers) ?? []
  }

  /// Whether a job is here as one of this priority that nothing distinguishes from one that was asked for just now.
  func hasUntimed(_ seq: Int64, priority: Int, of queue: Int64) -> Bool {
    windows[queue]?.find(seq, priority: priority).map { $0.dueAt == nil && $0.expiresAt == nil } ?? false
  }
}

/// The first ready jobs of one queue.
private struct ReadyWindow {
  /// Those of one priority, by age.
  private struct Lane {
    let priority: Int
    var jobs: [ClaimCandidate]
    /// Those before it were taken.
    var first = 0

    /// Where the first job is that is not older.
    func place(of seq: Int64) -> Int {
      var (low, high) = (first, jobs.count)
      while low < high {
        let middle = (low + high) / 2
        if jobs[middle].seq < seq { low = middle + 1 } else { high = middle }
      }
      return low
    }

    mutating func shorten() {
      guard first > 64, first * 2 > jobs.count else { return }
      jobs.removeFirst(first)
      first = 0
    }
  }

  /// The highest first; none is empty.
  private var lanes: [Lane] = []
  private(set) var count = 0
  private(set) var byteCount = 0
  var readCount = 0

  var last: ClaimCandidate? { lanes.last?.jobs.last }

  mutating func append(_ job: ClaimCandidate) { add(job, isYoungest: true) }

  /// By its age.
  mutating func insert(_ job: ClaimCandidate) { add(job, isYoungest: false) }

  private mutating func add(_ job: ClaimCandidate, isYoungest: Bool) {
    let place = lanes.firstIndex { $0.priority <= job.priority } ?? lanes.count
    if place < lanes.count, lanes[place].priority == job.priority {
      let index = isYoungest ? lanes[place].jobs.count : lanes[place].place(of: job.seq)
      lanes[place].jobs.insert(job, at: index)
    } else {
      lanes.insert(Lane(priority: job.priority, jobs: [job]), at: place)
    }
    count += 1
    byteCount += job.byteCount
  }

  mutating func take(_ limit: Int, except workers: Set<Name>) -> [ClaimCandidate] {
    var taken: [ClaimCandidate] = []
    for index in lanes.indices where taken.count < limit {
      let wanted = limit - taken.count
      if workers.isEmpty {
        let end = min(lanes[index].jobs.count, lanes[index].first + wanted)
        taken += lanes[index].jobs[lanes[index].first..<end]
        lanes[index].first = end
        lanes[index].shorten()
      } else {
        let known = lanes[index].jobs[lanes[index].first...].lazy.filter { !workers.contains($0.assignment.worker) }
        let fitting = Array(known.prefix(wanted))
        guard !fitting.isEmpty else { continue }
        let gone = Set(fitting.map(\.seq))
        lanes[index].jobs = lanes[index].jobs[lanes[index].first...].filter { !gone.contains($0.seq) }
        lanes[index].first = 0
        taken += fitting
      }
    }
    lanes.removeAll { $0.first == $0.jobs.count }
    count -= taken.count
    for job in taken { byteCount -= job.byteCount }
    return taken
  }

  func available(_ limit: Int, except workers: Set<Name>) -> Int {
    guard !workers.isEmpty else { return min(limit, count) }
    var found = 0
    for lane in lanes {
      for job in lane.jobs[lane.first...] where !workers.contains(job.assignment.worker) {
        found += 1
        if found >= limit { return found }
      }
    }
    return found
  }

  func heads(except workers: Set<Name>) -> [ClaimCandidate] {
    lanes.compactMap { lane in lane.jobs[lane.first...].first { !workers.contains($0.assignment.worker) } }
  }

  func find(_ seq: Int64, priority: Int) -> ClaimCandidate? {
    guard let lane = lanes.first(where: { $0.priority == priority }) else { return nil }
    let place = lane.place(of: seq)
    return place < lane.jobs.count && lane.jobs[place].seq == seq ? lane.jobs[place] : nil
  }
}
