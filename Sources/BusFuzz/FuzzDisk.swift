internal import BusSpool
internal import Synchronization

/// A disk in memory with little room: what a log writes out of hostile bytes is bounded.
final class FuzzDisk: Disk {
  private struct State {
    var names: [String: Int] = [:]
    var nodes: [[UInt8]] = []
    var files: [Int32: Int] = [:]
    var lastFile: Int32 = 0
    var written = 0
  }

  private let state: Mutex<State>
  private static let room = 16 << 20

  /// A disk with these files, by their paths.
  init(_ files: [String: [UInt8]] = [:]) {
    var state = State()
    for (name, bytes) in files {
      state.names[name] = state.nodes.count
      state.nodes.append(bytes)
    }
    self.state = Mutex(state)
  }

  /// The bytes of a file.
  subscript(path: String) -> [UInt8]? { state.withLock { state in state.names[path].map { state.nodes[$0] } } }

  func open(_ path: String, _ access: DiskAccess) throws(DiskError) -> Int32 {
    try state.withLock { state throws(DiskError) in
      let node: Int
      switch (state.names[path], access) {
      case (nil, .read), (nil, .write): throw DiskError(.notFound, "no such file")
      case (nil, _):
        node = state.nodes.count
        state.nodes.append([])
        state.names[path] = node
      case (let found?, _):
        node = found
        if case .replace = access { state.nodes[node] = [] }
      }
      state.lastFile += 1
      state.files[state.lastFile] = node
      return state.lastFile
    }
  }

  func close(_ file: Int32) { state.withLock { $0.files[file] = nil } }

  func byteCount(of file: Int32) throws(DiskError) -> Int { try use(file) { $0.nodes[$1].count } }

  func write(_ bytes: borrowing RawSpan, to file: Int32, at position: Int) throws(DiskError) -> Int {
    let given = bytes.withUnsafeBytes { Array($0) }
    return try use(file) { state, node throws(DiskError) in
      let end = position + given.count
      state.written += given.count
      guard state.written <= FuzzDisk.room, end <= FuzzDisk.room else { throw DiskError(.noSpace, "no room") }
      if state.nodes[node].count < end {
        state.nodes[node] += [UInt8](repeating: 0, count: end - state.nodes[node].count)
      }
      state.nodes[node].replaceSubrange(position..<end, with: given)
      return given.count
    }
  }

  func read(_ byteCount: Int, from file: Int32, at position: Int) throws(DiskError) -> [UInt8] {
    try use(file) { state, node in Array(state.nodes[node].dropFirst(position).prefix(max(0, byteCount))) }
  }

  func sync(_ file: Int32) throws(DiskError) {}

  func truncate(_ file: Int32, to byteCount: Int) throws(DiskError) {
    try use(file) { state, node throws(DiskError) in
      guard byteCount <= FuzzDisk.room else { throw DiskError(.noSpace, "no room") }
      let count = state.nodes[node].count
      state.nodes[node] = state.nodes[node].prefix(byteCount) + [UInt8](repeating: 0, count: max(0, byteCount - count))
    }
  }

  func allocate(_ file: Int32, byteCount: Int) -> Bool { false }
  func map(_ file: Int32, byteCount: Int) -> DiskRegion? { nil }
  func extend(_ file: Int32, _ region: DiskRegion, from oldByteCount: Int, to byteCount: Int) -> Bool { false }
  func copy(_ bytes: borrowing RawSpan, to region: DiskRegion, at position: Int) {}
  func unmap(_ region: DiskRegion) {}
  func lock(_ file: Int32) throws(DiskError) -> Bool { true }

  func rename(_ path: String, to newPath: String) throws(DiskError) {
    try state.withLock { state throws(DiskError) in
      guard let node = state.names.removeValue(forKey: path) else { throw DiskError(.notFound, "no such file") }
      state.names[newPath] = node
    }
  }

  func remove(_ path: String) throws(DiskError) {
    try state.withLock { state throws(DiskError) in
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
  func syncDirectory(_ path: String) throws(DiskError) {}

  func space(at directory: String) throws(DiskError) -> DiskSpace {
    DiskSpace(freeByteCount: 1 << 40, totalByteCount: 1 << 40)
  }

  private func use<Value: Sendable>(
    _ file: Int32, _ body: (inout State, Int) throws(DiskError) -> Value
  ) throws(DiskError) -> Value {
    try state.withLock { state throws(DiskError) in
      guard let node = state.files[file] else { throw DiskError(.other, "bad file descriptor") }
      return try body(&state, node)
    }
  }
}
