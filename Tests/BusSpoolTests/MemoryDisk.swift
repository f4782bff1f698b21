import BusSpool
import Synchronization

/// A disk in memory that fails on demand, and can be cut off from power.
final class MemoryDisk: Disk {
  enum Call: Hashable { case open, write, read, sync, truncate, rename, remove, syncDirectory }

  enum Fault {
    case error(DiskError.Reason)
    /// So many bytes find room, and no more.
    case short(Int)
  }

  /// A part of a file that need not stay in memory.
  struct Stretch: Hashable {
    var file: Int32
    var range: Range<Int>
  }

  private struct Node {
    var bytes: [UInt8] = []
    var synced: [UInt8] = []
    var isLocked = false
  }

  private struct State {
    var names: [String: Int] = [:]
    var syncedNames: [String: Int] = [:]
    var nodes: [Int: Node] = [:]
    var files: [Int32: Int] = [:]
    var lockOwners: [Int: Int32] = [:]
    var letGo: [Stretch] = []
    var lastFile: Int32 = 100
    var faults: [Call: [Int: Fault]] = [:]
    var calls: [Call: Int] = [:]
    var space = DiskSpace(freeByteCount: 1 << 40, totalByteCount: 1 << 40)

    mutating func fault(_ call: Call) throws(DiskError) -> Int? {
      let number = calls[call, default: 0]
      calls[call] = number + 1
      switch faults[call]?.removeValue(forKey: number) {
      case .error(let reason): throw DiskError(reason, "injected")
      case .short(let count): return count
      case nil: return nil
      }
    }
  }

  private let state: Mutex<State>

  init() { state = Mutex(State()) }
  private init(_ state: State) { self.state = Mutex(state) }

  /// The n-th call from now on fails; the next one is 0.
  func fail(_ call: Call, after count: Int = 0, with fault: Fault) {
    state.withLock { $0.faults[call, default: [:]][$0.calls[call, default: 0] + count] = fault }
  }

  func count(of call: Call) -> Int { state.withLock { $0.calls[call, default: 0] } }

  /// How many files were ever made, removed ones too.
  var madeFileCount: Int { state.withLock { $0.nodes.count } }

  func setSpace(_ space: DiskSpace) { state.withLock { $0.space = space } }

  /// The files of a directory by their names.
  func contents(in directory: String) -> [String: [UInt8]] {
    state.withLock { state in
      var files: [String: [UInt8]] = [:]
      for (path, node) in state.names where path.hasPrefix(directory + "/") {
        files[String(path.dropFirst(directory.utf8.count + 1))] = state.nodes[node]?.bytes
      }
      return files
    }
  }

  subscript(path: String) -> [UInt8]? {
    get { state.withLock { state in state.names[path].flatMap { state.nodes[$0]?.bytes } } }
    set {
      state.withLock { state in
        guard let newValue else {
          state.names[path] = nil
          return
        }
        let node = state.names[path] ?? (state.nodes.keys.max() ?? 0) + 1
        state.names[path] = node
        state.nodes[node] = Node(bytes: newValue, synced: newValue)
      }
    }
  }

  /// What another process finds after this one was killed: all that was written.
  func afterKill() -> MemoryDisk {
    var copy = state.withLock { $0 }
    (copy.files, copy.lockOwners, copy.faults) = ([:], [:], [:])
    return MemoryDisk(copy)
  }

  /// What is found after a power cut: what was synced, and of the rest whatever chance kept, in blocks of 512 bytes.
  func afterPowerCut(keeping keeps: () -> Bool) -> MemoryDisk {
    var copy = state.withLock { $0 }
    (copy.files, copy.lockOwners, copy.faults, copy.names) = ([:], [:], [:], copy.syncedNames)
    for (number, node) in copy.nodes {
      var bytes = node.synced
      if keeps(), node.bytes.count > bytes.count {
        bytes += [UInt8](repeating: 0, count: node.bytes.count - bytes.count)
      }
      for start in stride(from: 0, to: min(bytes.count, node.bytes.count), by: 512) where keeps() {
        let block = start..<min(start + 512, bytes.count, node.bytes.count)
        bytes.replaceSubrange(block, with: node.bytes[block])
      }
      copy.nodes[number] = Node(bytes: bytes, synced: bytes)
    }
    return MemoryDisk(copy)
  }

  func open(_ path: String, _ access: DiskAccess) throws(DiskError) -> Int32 {
    try state.withLock { state throws(DiskError) in
      _ = try state.fault(.open)
      var node = state.names[path]
      if node == nil {
        switch access {
        case .read, .write: throw DiskError(.notFound, "no such file")
        case .create, .replace:
          let number = (state.nodes.keys.max() ?? 0) + 1
          (state.nodes[number], state.names[path], node) = (Node(), number, number)
        }
      }
      guard let node else { throw DiskError(.notFound, "no such file") }
      if case .replace = access { state.nodes[node]?.bytes = [] }
      state.lastFile += 1
      state.files[state.lastFile] = node
      return state.lastFile
    }
  }

  func close(_ file: Int32) {
    state.withLock { state in
      if let node = state.files.removeValue(forKey: file), state.lockOwners[node] == file {
        state.lockOwners[node] = nil
      }
    }
  }

  func byteCount(of file: Int32) throws(DiskError) -> Int { bytes(of: file).count }

  private func bytes(of file: Int32) -> [UInt8] {
    state.withLock { state in state.files[file].flatMap { state.nodes[$0]?.bytes } ?? [] }
  }

  func write(_ bytes: borrowing RawSpan, to file: Int32, at position: Int) throws(DiskError) -> Int {
    let given = bytes.withUnsafeBytes { Array($0) }
    return try state.withLock { state throws(DiskError) in
      let count = min(try state.fault(.write) ?? given.count, given.count)
      guard let node = state.files[file], var held = state.nodes[node]?.bytes else {
        throw DiskError(.other, "bad file descriptor")
      }
      state.nodes[node]?.bytes = []
      if held.count < position + count {
        held += [UInt8](repeating: 0, count: position + count - held.count)
      }
      held.replaceSubrange(position..<position + count, with: given.prefix(count))
      state.nodes[node]?.bytes = held
      return count
    }
  }

  func read(_ byteCount: Int, from file: Int32, at position: Int) throws(DiskError) -> [UInt8] {
    _ = try state.withLock { state throws(DiskError) in try state.fault(.read) }
    let held = bytes(of: file)
    return Array(held[min(position, held.count)..<min(position + max(byteCount, 0), held.count)])
  }

  func sync(_ file: Int32) throws(DiskError) {
    try state.withLock { state throws(DiskError) in
      _ = try state.fault(.sync)
      guard let node = state.files[file] else { throw DiskError(.other, "bad file descriptor") }
      if let held = state.nodes[node]?.bytes { state.nodes[node]?.synced = held }
    }
  }

  func letGo(_ file: Int32, from position: Int, byteCount: Int) {
    state.withLock { $0.letGo.append(Stretch(file: file, range: position..<position + byteCount)) }
  }

  /// What was let go of memory, in that order.
  var letGo: [Stretch] { state.withLock { $0.letGo } }

  func truncate(_ file: Int32, to byteCount: Int) throws(DiskError) {
    try state.withLock { state throws(DiskError) in
      _ = try state.fault(.truncate)
      guard let node = state.files[file], let held = state.nodes[node]?.bytes else {
        throw DiskError(.other, "bad file descriptor")
      }
      state.nodes[node]?.bytes =
        Array(held.prefix(byteCount)) + [UInt8](repeating: 0, count: max(0, byteCount - held.count))
    }
  }

  func allocate(_ file: Int32, byteCount: Int) -> Bool {
    let held = bytes(of: file).count
    guard held < byteCount else { return true }
    do { try truncate(file, to: byteCount) } catch { return false }
    return true
  }

  func map(_ file: Int32, byteCount: Int) -> DiskRegion? { DiskRegion(address: UInt(file), byteCount: byteCount) }

  func extend(_ file: Int32, _ region: DiskRegion, from oldByteCount: Int, to byteCount: Int) -> Bool {
    allocate(file, byteCount: byteCount)
  }

  func copy(_ bytes: borrowing RawSpan, to region: DiskRegion, at position: Int) {
    do {
      let file = Int32(region.address)
      guard position + bytes.byteCount <= self.bytes(of: file).count else {
        fatalError("a write beyond the end of a mapped file")
      }
      _ = try write(bytes, to: file, at: position)
    } catch { fatalError("memory cannot fail") }
  }

  func unmap(_ region: DiskRegion) {}

  func lock(_ file: Int32) throws(DiskError) -> Bool {
    state.withLock { state in
      guard let node = state.files[file], state.lockOwners[node] == nil else { return false }
      state.lockOwners[node] = file
      return true
    }
  }

  func rename(_ path: String, to newPath: String) throws(DiskError) {
    try state.withLock { state throws(DiskError) in
      _ = try state.fault(.rename)
      guard let node = state.names.removeValue(forKey: path) else { throw DiskError(.notFound, "no such file") }
      state.names[newPath] = node
    }
  }

  func remove(_ path: String) throws(DiskError) {
    try state.withLock { state throws(DiskError) in
      _ = try state.fault(.remove)
      guard state.names.removeValue(forKey: path) != nil else { throw DiskError(.notFound, "no such file") }
    }
  }

  func names(in directory: String) throws(DiskError) -> [String] {
    state.withLock { state in
      state.names.keys.filter { $0.hasPrefix(directory + "/") }.map { String($0.dropFirst(directory.utf8.count + 1)) }
    }
  }

  func makeDirectory(_ path: String) throws(DiskError) {}
  func removeDirectory(_ path: String) throws(DiskError) {}

  func syncDirectory(_ path: String) throws(DiskError) {
    try state.withLock { state throws(DiskError) in
      _ = try state.fault(.syncDirectory)
      state.syncedNames = state.names
    }
  }

  func space(at directory: String) throws(DiskError) -> DiskSpace { state.withLock { $0.space } }
}
