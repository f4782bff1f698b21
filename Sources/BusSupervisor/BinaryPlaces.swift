#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Where programs are looked for: beside the one that runs, relative to the topology file, then in PATH.
public struct BinaryPlaces: Sendable {
  private let directories: [String]
  private let path: [String]

  /// Places from the running program's path, the topology file and the text of PATH.
  public init(program: String?, topologyFile: String?, path: String?) {
    let beside = program.map(Self.parent).map { [$0] } ?? []
    directories = beside + (topologyFile.map(Self.parent).map { [$0] } ?? [])
    self.path = path?.split(separator: ":").map(String.init) ?? []
  }

  /// The running program's own path.
  public static var runningProgram: String? {
    #if canImport(Darwin)
      return CommandLine.arguments.first
    #else
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = readlink("/proc/self/exe", &buffer, buffer.count)
      guard count > 0 else { return CommandLine.arguments.first }
      return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    #endif
  }

  /// The path of a file without links, from the root; the path itself when there is no such file.
  public static func resolved(_ path: String) -> String { ProcessFacts.resolved(path) }

  /// The path of a program that can be run; the error lists where it was looked for.
  public func find(_ binary: String) throws(SupervisorError) -> String {
    let candidates = candidates(binary)
    for candidate in candidates where Self.isProgram(candidate) { return candidate }
    let places = candidates.isEmpty ? "" : " at \(candidates.joined(separator: ", "))"
    throw SupervisorError(
      .binaryNotFound, "no program '\(binary)'\(places)",
      help: "build it with 'swift build', or correct the topology's 'binary'")
  }

  /// The path of a program that can be run, else where it would be looked for first.
  func likely(_ binary: String) -> String {
    let candidates = candidates(binary)
    return candidates.first(where: Self.isProgram) ?? candidates.first ?? binary
  }

  /// Where the program may be, in the order of trying.
  func candidates(_ binary: String) -> [String] {
    guard !binary.hasPrefix("/") else { return [binary] }
    let near = directories.map { $0 == "." ? "./\(binary)" : "\($0)/\(binary)" }
    // Like the shell: a name with a slash is a path from here, and is not looked for in PATH.
    return near + (binary.contains("/") ? ["./\(binary)"] : path.map { "\($0)/\(binary)" })
  }

  static func isProgram(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }

  private static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
