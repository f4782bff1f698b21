#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// What stands in a file that only its owner can read: a key, a password. It is never shown.
///
/// A link is followed, since volumes with secrets are made of links: what counts are the owner and the mode of the file
/// that was opened.
public struct SecretFile: Sendable {
  /// The longest secret.
  public static let maximumByteCount = 16 << 10

  /// Where it stands.
  public let path: String
  /// The secret.
  public let bytes: [UInt8]

  /// Reads it; refused when its group or others can get at it, when it is another user's, empty or too long.
  public init(contentsOf path: String) throws(PrivacyError) {
    // Not waiting: a pipe in its place would hold the program.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw SecretFile.refusal(of: path, reason: errno, help: "check the path, and that this user owns the file")
    }
    defer { close(descriptor) }
    try SecretFile.check(descriptor, path)
    self.path = path
    bytes = try SecretFile.read(descriptor, path)
  }

  /// Writes a new secret, for this user alone; refused when there is something already.
  public static func create(_ path: String, bytes: [UInt8]) throws(PrivacyError) {
    try create(path, bytes: bytes, mode: 0o600)
  }

  /// The same for what goes with a secret and others may read.
  static func create(_ path: String, bytes: [UInt8], mode: mode_t) throws(PrivacyError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else {
      let help = "nothing is written over: choose another name, or move the old one away"
      guard errno == EEXIST else { throw refusal(of: path, reason: errno, help: help) }
      throw PrivacyError(.exists, "\(path) is there already", help: help)
    }
    // Whatever the mask: a secret is nobody else's, and what others may read they can.
    var isWritten = fchmod(descriptor, mode) == 0
    isWritten = isWritten && write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
    let reason = errno
    guard close(descriptor) == 0, isWritten else {
      // Half a secret is none.
      unlink(path)
      throw refusal(of: path, reason: reason, help: "check the space there")
    }
  }

  /// The secret as text, without the blanks and line ends around it; refused when it is none.
  public var text: String {
    get throws(PrivacyError) {
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw PrivacyError(.malformed, "the secret in \(path) is not UTF-8", help: "write it anew")
      }
      let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0.isNewline }
      guard let first = text.firstIndex(where: { !isBlank($0) }), let last = text.lastIndex(where: { !isBlank($0) })
      else { throw PrivacyError(.malformed, "the secret in \(path) is blank", help: "write it anew") }
      return String(text[first...last])
    }
  }

  private static func check(_ descriptor: Int32, _ path: String) throws(PrivacyError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw refusal(of: path, reason: errno, help: "check the path")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw PrivacyError(.malformed, "the secret \(path) is no plain file", help: "name a file")
    }
    guard status.st_uid == geteuid() || status.st_uid == 0 else {
      throw PrivacyError(
        .exposed, "the secret \(path) is not used: user \(status.st_uid) owns it and can read it",
        help: "make it yours: chown \(geteuid()) \(path)")
    }
    guard status.st_mode & 0o077 == 0 else {
      let mode = String(status.st_mode & 0o777, radix: 8)
      throw PrivacyError(
        .exposed, "the secret \(path) is not used: its mode is \(mode), so others can get at it",
        help: "run chmod 600 \(path), and make a new one if somebody may have read it")
    }
  }

  private static func read(_ descriptor: Int32, _ path: String) throws(PrivacyError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: maximumByteCount + 1)
    var count = 0
    while count < bytes.count {
      let more = bytes.withUnsafeMutableBytes { readBytes(descriptor, $0[count...]) }
      if more < 0, errno == EINTR { continue }
      guard more >= 0 else { throw refusal(of: path, reason: errno, help: "check the disk") }
      if more == 0 { break }
      count += more
    }
    guard count > 0 else { throw PrivacyError(.malformed, "the secret \(path) is empty", help: "write it anew") }
    guard count <= maximumByteCount else {
      throw PrivacyError(
        .malformed, "the secret \(path) has more than \(maximumByteCount) bytes", help: "name the file of the key")
    }
    return Array(bytes[..<count])
  }

  private static func refusal(of path: String, reason: Int32, help: String) -> PrivacyError {
    PrivacyError(
      .unreadable, "the secret \(path) cannot be used: \(String(cString: strerror(reason)).lowercased())", help: help)
  }
}

extension SecretFile: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Where it stands, never what.
  public var description: String { "the secret in \(path)" }
  /// The same for debuggers.
  public var debugDescription: String { description }
  /// Nothing to look into: `dump` and test failures show no member.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

// The type has a method of the name of the call.
private func readBytes(_ descriptor: Int32, _ place: Slice<UnsafeMutableRawBufferPointer>) -> Int {
  let buffer = UnsafeMutableRawBufferPointer(rebasing: place)
  return read(descriptor, buffer.baseAddress, buffer.count)
}
