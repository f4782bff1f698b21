internal import BusSpool
internal import Synchronization

/// What a world does to a disk, beyond what power cuts do.
struct DiskFaults: Sendable {
  /// The process that uses the disk dies in the n-th call that writes, from now on.
  var deathAfter: Int?
  /// The next sync fails.
  var failsSync = false
  /// The next sync of a directory fails.
  var failsDirectorySync = false
  /// No byte finds room.
  var isFull = false
  /// A mutant: says that what is written is on disk, and does nothing.
  var pretendsToSync = false
  /// A mutant: a sync that fails says nothing.
  var hidesFailures = false
}

/// A disk in memory that one process uses: what was written, what is synced, and what goes wrong on demand.
final class SimulatedDisk: Disk {
  struct Node {
    var bytes: [UInt8] = []
    var synced: [UInt8] = []
  }

  struct State {
    var names: [String: Int] = [:]
    var syncedNames: [String: Int] = [:]
    var nodes: [Int: Node] = [:]
    var lastNode = 0
    var files: [Int32: Int] = [:]
    var locked: [Int: Int32] = [:]
    var lastFile: Int32 = 100
    var faults = DiskFaults()
  }

  private let life: Life
  private let state: Mutex<State>

  /// An empty disk.
  convenience init(of life: Life) { self.init(State(), life) }

  private init(_ state: State, _ life: Life) {
    self.state = Mutex(state)
    self.life = life
  }

  /// Changes what goes wrong from now on.
  func change(_ body: (inout DiskFaults) -> Void) { state.withLock { body(&$0.faults) } }

  /// A mutant's: a file is as if it had never been.
  func forget(_ path: String) {
    state.withLock { state in
      state.names[path] = nil
      state.syncedNames[path] = nil
    }
  }

  // MARK: What is found afterwards

  /// What the next process finds after this one was killed: all that was written.
  func afterKill(for life: Life) -> SimulatedDisk { SimulatedDisk(survivors(), life) }

  /// What is found after a power cut: what was synced, and of the rest whatever chance kept, in blocks of 512 bytes.
  func afterPowerCut(for life: Life) -> SimulatedDisk {
    var copy = survivors()
    copy.names = copy.syncedNames
    for (number, node) in copy.nodes.sorted(by: { $0.key < $1.key }) where node.bytes != node.synced {
      var bytes = node.synced
      if node.bytes.count > bytes.count, life.timeline.chance(0.5) {
        bytes += [UInt8](repeating: 0, count: node.bytes.count - bytes.count)
      }
      for start in stride(from: 0, to: min(bytes.count, node.bytes.count), by: 512) {
        let block = start..<min(start + 512, bytes.count, node.bytes.count)
        guard bytes[block] != node.bytes[block], life.timeline.chance(0.5) else { continue }
        bytes.replaceSubrange(block, with: node.bytes[block])
      }
      copy.nodes[number] = Node(bytes: bytes, synced: bytes)
    }
    return SimulatedDisk(copy, life)
  }

  private func survivors() -> State {
    var copy = state.withLock { $0 }
    let (pretendsToSync, hidesFailures) = (copy.faults.pretendsToSync, copy.faults.hidesFailures)
    (copy.files, copy.locked, copy.faults) = ([:], [:], DiskFaults())
    (copy.faults.pretendsToSync, copy.faults.hidesFailures) = (pretendsToSync, hidesFailures)
    return copy
  }

  // MARK: Calls

  /// A call that changes something; the process may die in it: then this throws, or says how much of it was done.
  private func begin(_ state: inout State) throws(DiskError) -> Bool {
    guard life.isAlive else { throw DiskError(.other, "the process is dead") }
    guard let left = state.faults.deathAfter else { return true }
    state.faults.deathAfter = left - 1
    guard left <= 0 else { return true }
    state.faults.deathAfter = nil
    life.kill()
    return false
  }

  private func node(_ state: State, _ file: Int32) throws(DiskError) -> Int {
    guard let node = state.files[file] else { throw DiskError(.other, "bad file descriptor") }
    return node
  }

  func open(_ path: String, _ access: DiskAccess) throws(DiskError) -> Int32 {
    try state.withLock { state throws(DiskError) in
      var number = state.names[path]
      if number == nil {
        switch access {
        case .read, .write: throw DiskError(.notFound, "no such file")
        case .create, .replace:
          _ = try begin(&state)
          if state.faults.isFull { throw DiskError(.noSpace, "the disk is full") }
          state.lastNode += 1
          (state.nodes[state.lastNode], state.names[path], number) = (Node(), state.lastNode, state.lastNode)
        }
      }
      guard let number else { throw DiskError(.notFound, "no such file") }
      if case .replace = access { state.nodes[number]?.bytes = [] }
      state.lastFile += 1
      state.files[state.lastFile] = number
      return state.lastFile
    }
  }

  func close(_ file: Int32) {
    state.withLock { state in
      if let node = state.files.removeValue(forKey: file), state.locked[node] == file { state.locked[node] = nil }
    }
  }

  func byteCount(of file: Int32) throws(DiskError) -> Int {
    state.withLock { state in state.files[file].flatMap { state.nodes[$0]?.bytes.count } ?? 0 }
  }

  func write(_ bytes: borrowing RawSpan, to file: Int32, at position: Int) throws(DiskError) -> Int {
    let given = bytes.withUnsafeBytes { Array($0) }
    return try state.withLock { state throws(DiskError) in
      if state.faults.isFull { throw DiskError(.noSpace, "the disk is full") }
      // A write that its process dies in leaves a part of itself.
      let count = try begin(&state) ? given.count : Int(life.timeline.below(Int64(given.count) + 1))
      let node = try node(state, file)
      state.nodes[node]?.put(given.prefix(count), at: position)
      guard count == given.count else { throw DiskError(.other, "the process is dead") }
      return count
    }
  }

  func read(_ byteCount: Int, from file: Int32, at position: Int) throws(DiskError) -> [UInt8] {
    state.withLock { state in
      guard let held = state.files[file].flatMap({ state.nodes[$0]?.bytes }) else { return [] }
      return Array(held[min(position, held.count)..<min(position + max(byteCount, 0), held.count)])
    }
  }

  func sync(_ file: Int32) throws(DiskError) {
    try state.withLock { state throws(DiskError) in
      guard try begin(&state) else { throw DiskError(.other, "the process is dead") }
      let node = try node(state, file)
      if state.faults.failsSync {
        state.faults.failsSync = false
        life.failSync()
        if state.faults.hidesFailures { return }
        throw DiskError(.other, "the disk failed")
      }
      if state.faults.pretendsToSync { return }
      if let held = state.nodes[node]?.bytes { state.nodes[node]?.synced = held }
    }
  }

  func truncate(_ file: Int32, to byteCount: Int) throws(DiskError) {
    try state.withLock { state throws(DiskError) in
      guard try begin(&state) else { throw DiskError(.other, "the process is dead") }
      let node = try node(state, file)
      // What is cut away needs no room.
      if state.faults.isFull, byteCount > state.nodes[node]?.bytes.count ?? 0 {
        throw DiskError(.noSpace, "the disk is full")
      }
      state.nodes[node]?.resize(to: byteCount)
    }
  }

  func allocate(_ file: Int32, byteCount: Int) -> Bool {
    state.withLock { state in
      guard life.isAlive, let node = state.files[file], let held = state.nodes[node]?.bytes.count else { return false }
      guard held < byteCount else { return true }
      guard !state.faults.isFull else { return false }
      state.nodes[node]?.resize(to: byteCount)
      return true
    }
  }

  func map(_ file: Int32, byteCount: Int) -> DiskRegion? { DiskRegion(address: UInt(file), byteCount: byteCount) }

  func extend(_ file: Int32, _ region: DiskRegion, from oldByteCount: Int, to byteCount: Int) -> Bool {
    allocate(file, byteCount: byteCount)
  }

  func copy(_ bytes: borrowing RawSpan, to region: DiskRegion, at position: Int) {
    let given = bytes.withUnsafeBytes { Array($0) }
    state.withLock { state in
      guard life.isAlive, let node = state.files[Int32(region.address)] else { return }
      // A process that dies while it copies leaves a part of it, and can say nothing any more.
      let isWhole = (try? begin(&state)) ?? false
      let count = isWhole ? given.count : Int(life.timeline.below(Int64(given.count) + 1))
      state.nodes[node]?.put(given.prefix(count), at: position)
    }
  }

  func unmap(_ region: DiskRegion) {}

  func lock(_ file: Int32) throws(DiskError) -> Bool {
    state.withLock { state in
      guard let node = state.files[file], state.locked[node] == nil else { return false }
      state.locked[node] = file
      return true
    }
  }

  func rename(_ path: String, to newPath: String) throws(DiskError) {
    try state.withLock { state throws(DiskError) in
      guard try begin(&state) else { throw DiskError(.other, "the process is dead") }
      guard let node = state.names.removeValue(forKey: path) else { throw DiskError(.notFound, "no such file") }
      state.names[newPath] = node
    }
  }

  func remove(_ path: String) throws(DiskError) {
    try state.withLock { state throws(DiskError) in
      guard try begin(&state) else { throw DiskError(.other, "the process is dead") }
      guard state.names.removeValue(forKey: path) != nil else { throw DiskError(.notFound, "no such file") }
    }
  }

  func names(in directory: String) throws(DiskError) -> [String] {
    state.withLock { state in
      let inside = state.names.keys.filter { $0.hasPrefix(directory + "/") }
      return inside.map { String($0.dropFirst(directory.utf8.count + 1)) }.sorted()
    }
  }

  func makeDirectory(_ path: String) throws(DiskError) {}
  func removeDirectory(_ path: String) throws(DiskError) {}

  func syncDirectory(_ path: String) throws(DiskError) {
    try state.withLock { state throws(DiskError) in
      guard try begin(&state) else { throw DiskError(.other, "the process is dead") }
      guard !state.faults.failsDirectorySync else {
        state.faults.failsDirectorySync = false
        throw DiskError(.other, "Input/output error")
      }
      if !state.faults.pretendsToSync { state.syncedNames = state.names }
    }
  }

  func space(at directory: String) throws(DiskError) -> DiskSpace {
    let isFull = state.withLock { $0.faults.isFull }
    return DiskSpace(freeByteCount: isFull ? 0 : 1 << 40, totalByteCount: 1 << 40)
  }
}

extension SimulatedDisk.Node {
  fileprivate mutating func put(_ given: ArraySlice<UInt8>, at position: Int) {
    if bytes.count < position + given.count { resize(to: position + given.count) }
    bytes.replaceSubrange(position..<position + given.count, with: given)
  }

  fileprivate mutating func resize(to byteCount: Int) {
    if byteCount < bytes.count {
      bytes.removeLast(bytes.count - byteCount)
    } else {
      bytes += [UInt8](repeating: 0, count: byteCount - bytes.count)
    }
  }
}
