#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A small file of text.
public enum TextFile {
  /// The most that is read, in bytes.
  private static let maximumByteCount = 256 << 10

  /// Reads it whole; bytes that are no UTF-8 are replaced.
  public static func read(_ path: String) throws(SupervisorError) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw refusal(path, String(cString: strerror(errno)).lowercased()) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = systemRead(file, &buffer)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw refusal(path, String(cString: strerror(errno)).lowercased()) }
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
      guard bytes.count <= maximumByteCount else { throw refusal(path, "it has more than \(maximumByteCount) bytes") }
    }
  }

  private static func systemRead(_ file: Int32, _ buffer: inout [UInt8]) -> Int {
    #if canImport(Glibc)
      Glibc.read(file, &buffer, buffer.count)
    #elseif canImport(Musl)
      Musl.read(file, &buffer, buffer.count)
    #else
      Darwin.read(file, &buffer, buffer.count)
    #endif
  }

  private static func refusal(_ path: String, _ reason: String) -> SupervisorError {
    SupervisorError(.badRequest, "\(path) cannot be read: \(reason)", help: "correct its name")
  }
}
