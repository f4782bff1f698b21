internal import BusProtocol

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// JSON that is typed, piped or in a file.
enum InputText {
  /// The most that is read, in bytes.
  static let maximumByteCount = 16 << 20

  /// The object of an argument: its text, `-` for standard input, `@FILE` for a file.
  static func object(_ argument: String, what: String) throws -> JSONObject {
    if argument == "-" {
      let name = "standard input"
      return try object(try bytes(STDIN_FILENO, name), what: what, where: name)
    }
    guard argument.hasPrefix("@") else { return try object(Array(argument.utf8), what: what, where: argument) }
    let path = String(argument.dropFirst())
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CommandError(
        .badData, "\(path) cannot be read: \(String(cString: strerror(errno)))", where: path, help: "check the path")
    }
    defer { close(descriptor) }
    return try object(try bytes(descriptor, path), what: what, where: path)
  }

  /// The object of bytes.
  static func object(_ bytes: [UInt8], what: String, where location: String) throws -> JSONObject {
    let value: JSONValue
    do { value = try JSONParser.parse(bytes) } catch {
      throw CommandError(
        .badData, "\(what): \(error.message)", where: DisplayWidth.truncate(Printable.line(location), to: 100),
        help: "write an object in single quotes: '{\"id\":42}'")
    }
    guard case .object(let object) = value else {
      throw CommandError(
        .badData, "\(what) are no JSON object", where: DisplayWidth.truncate(Printable.line(location), to: 100),
        help: "write members in braces: '{\"id\":42}'")
    }
    return object
  }

  private static func bytes(_ descriptor: Int32, _ name: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw CommandError(
          .badData, "\(name) cannot be read: \(String(cString: strerror(errno)))", where: name, help: "check it")
      }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= maximumByteCount else {
        throw CommandError(
          .badData, "\(name) has more than \(Brief.bytes(UInt64(maximumByteCount)))", where: name,
          help: "publish ids, not documents")
      }
    }
  }
}
