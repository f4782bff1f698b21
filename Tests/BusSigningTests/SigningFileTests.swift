import BusProtocol
import Foundation
import Testing

@testable import BusSigning

/// The files of pairs that sign: their form, their mode, and what is refused.
struct SigningFileTests {
  private func withDirectory(_ body: (String) throws -> Void) throws {
    let path = "\(NSTemporaryDirectory())signing-\(getpid())-\(UInt64.random(in: 0 ... .max))"
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
      let key = try SigningKey.generate(for: "account")
      try key.create(at: "\(directory)/account.sign")
      try key.verifyingKey.create(at: "\(directory)/account.verify")
      #expect(try SigningKey(contentsOf: "\(directory)/account.sign").verifyingKey == key.verifyingKey)
      #expect(try VerifyingKey(contentsOf: "\(directory)/account.verify") == key.verifyingKey)
      #expect(try Signers(reading: directory).names == ["account"])
      #expect(code { try key.create(at: "\(directory)/account.sign") } == .exists)
      #expect(code { _ = try SigningKey(contentsOf: "\(directory)/account.verify") } == .exposed)
      chmod("\(directory)/account.verify", 0o600)
      #expect(code { _ = try SigningKey(contentsOf: "\(directory)/account.verify") } == .wrongHalf)
      #expect(code { _ = try VerifyingKey(contentsOf: "\(directory)/account.sign") } == .wrongHalf)
      // The same name twice, and a name that is nobody's.
      try SigningKey.generate(for: "account").verifyingKey.create(at: "\(directory)/other.verify")
      #expect(code { _ = try Signers(reading: directory) } == .ambiguous)
      try FileManager.default.removeItem(atPath: "\(directory)/other.verify")
      try SigningKey.generate(for: "local").verifyingKey.create(at: "\(directory)/other.verify")
      #expect(code { _ = try Signers(reading: directory) } == .ambiguous)
      #expect(code { _ = try Signers(reading: "\(directory)/none") } == .unreadable)
    }
  }

  @Test func `I32 a signing key that others may read is refused, and is never shown`() throws {
    try withDirectory { directory in
      let path = "\(directory)/a.sign"
      let key = try SigningKey.generate(for: "account")
      try key.create(at: path)
      for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601] {
        chmod(path, mode_t(mode))
        #expect(code { _ = try SigningKey(contentsOf: path) } == .exposed)
      }
      let line = try String(contentsOfFile: path, encoding: .utf8)
      let secret = try #require(line.split(separator: " ").last)
      var dumped = ""
      dump(key, to: &dumped)
      #expect(!"\(key) \(String(reflecting: key)) \(dumped)".contains(secret.dropLast()))
    }
  }

  @Test func `hostile bytes are no key`() throws {
    let key = try SigningKey.generate(for: "account").verifyingKey
    let line = Array("bus-verifying-key account \(key.text)\n".utf8)
    #expect(try SigningFile.key(.public, in: line, of: "f") == ("account", key.bytes))
    for count in 0..<line.count - 1 {
      #expect(code { _ = try SigningFile.key(.public, in: Array(line.prefix(count)), of: "f") } == .malformed)
    }
    for place in line.indices.dropLast() {
      for byte in [UInt8(0), 9, 34, 127, 200, 255] {
        var bytes = line
        bytes[place] = byte
        #expect(code { _ = try SigningFile.key(.public, in: bytes, of: "f") } == .malformed)
      }
    }
    #expect(code { _ = try SigningFile.key(.public, in: line + line, of: "f") } == .malformed)
  }
}
