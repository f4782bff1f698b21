import Foundation
import Testing

@testable import BusProtocol

/// Key files: their form, their mode, and what is refused.
struct KeyFileTests {
  static let publicKey = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
  static let secretKey = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

  private func withDirectory(_ body: (String) throws -> Void) throws {
    let path = "\(NSTemporaryDirectory())keys-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  private func code(_ body: () throws -> Void) -> KeyError.Code? {
    do { try body() } catch { return (error as? KeyError)?.code }
    return nil
  }

  @Test func `a pair is written once, the secret half for its owner alone, and read again`() throws {
    try withDirectory { directory in
      try KeyFile.create(.secret, key: Self.secretKey, at: "\(directory)/a.key")
      try KeyFile.create(.public, key: Self.publicKey, at: "\(directory)/a.pub")
      #expect(try KeyFile.read(.secret, at: "\(directory)/a.key") == Self.secretKey)
      #expect(try KeyFile.read(.public, at: "\(directory)/a.pub") == Self.publicKey)
      let mode = try FileManager.default.attributesOfItem(atPath: "\(directory)/a.key")[.posixPermissions] as? Int
      #expect(mode == 0o600)
      #expect(code { try KeyFile.create(.secret, key: Self.publicKey, at: "\(directory)/a.key") } == .exists)
      #expect(try KeyFile.read(.secret, at: "\(directory)/a.key") == Self.secretKey)
    }
  }

  @Test func `I32 a secret key that others may read is refused, and no error shows a key`() throws {
    try withDirectory { directory in
      let path = "\(directory)/a.key"
      try KeyFile.create(.secret, key: Self.secretKey, at: path)
      for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601] {
        chmod(path, mode_t(mode))
        #expect(code { _ = try KeyFile.read(.secret, at: path) } == .exposed)
      }
      chmod(path, 0o600)
      let error = try #require(throws: KeyError.self) { try KeyFile.read(.public, at: path) }
      #expect(error.code == .wrongHalf)
      #expect(!"\(error)".contains(Self.secretKey))
      #expect(code { _ = try KeyFile.read(.public, at: "\(directory)/none") } == .unreadable)
      #expect(code { _ = try KeyFile.read(.public, at: directory) } == .unreadable)
    }
  }

  @Test func `hostile bytes are no key`() throws {
    let line = Array("bus-public-key \(Self.publicKey)\n".utf8)
    #expect(try KeyFile.key(.public, in: line, of: "f") == Self.publicKey)
    for count in 0..<line.count - 1 {
      #expect(code { _ = try KeyFile.key(.public, in: Array(line.prefix(count)), of: "f") } == .malformed)
    }
    for place in line.indices.dropLast() {
      for byte in [UInt8(0), 9, 34, 127, 200, 255] {
        var bytes = line
        bytes[place] = byte
        #expect(code { _ = try KeyFile.key(.public, in: bytes, of: "f") } == .malformed)
      }
    }
    #expect(code { _ = try KeyFile.key(.public, in: line + line, of: "f") } == .malformed)
    #expect(code { _ = try KeyFile.key(.public, in: line + Array(repeating: 10, count: 300), of: "f") } == .malformed)
  }

  @Test func `a directory gives the principals, and a doubtful one nothing`() throws {
    try withDirectory { directory in
      try KeyFile.create(.public, key: Self.publicKey, at: "\(directory)/account.pub")
      try KeyFile.create(.secret, key: Self.secretKey, at: "\(directory)/account.key")
      try Data().write(to: URL(filePath: "\(directory)/.hidden.pub"))
      let keys = try KeyDirectory(reading: directory)
      #expect(keys.principals == [Self.publicKey: "account"] && keys.names == ["account"])
      func refusal(_ name: String, _ key: String = Self.secretKey) throws -> KeyError.Code? {
        try KeyFile.create(.public, key: key, at: "\(directory)/\(name).pub")
        defer { KeyFile.remove(at: "\(directory)/\(name).pub") }
        return code { _ = try KeyDirectory(reading: directory) }
      }
      #expect(try refusal("search") == nil)
      #expect(try refusal("search", Self.publicKey) == .ambiguous)
      #expect(try refusal("local") == .ambiguous)
      #expect(try refusal("a b") == .malformed)
      #expect(try refusal("short", "abc") == .malformed)
      #expect(code { _ = try KeyDirectory(reading: "\(directory)/none") } == .unreadable)
    }
  }
}
