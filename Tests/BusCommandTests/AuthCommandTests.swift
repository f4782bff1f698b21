import Foundation
import Testing

/// `bus keygen` and `bus auth check`, as they are typed.
struct AuthCommandTests {
  private func withDirectory(_ body: (String) async throws -> Void) async throws {
    let path = "/tmp/bus-auth-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(path)
  }

  @Test func `a pair is made once, and only its public half is shown`() async throws {
    try await withDirectory { directory in
      let made = try await Program(["keygen", "account", "--directory", directory]).end()
      #expect(made.status == 0)
      let secret = try String(contentsOfFile: "\(directory)/account.key", encoding: .utf8)
      let open = try String(contentsOfFile: "\(directory)/account.pub", encoding: .utf8)
      #expect(made.output == open)
      let key = try #require(secret.split(separator: " ").last).dropLast()
      #expect(!(made.output + made.error).contains(key))
      let again = try await Program(["keygen", "account", "--directory", directory]).end()
      #expect(again.status == 78 && again.error.contains("is there already"))
      #expect(try String(contentsOfFile: "\(directory)/account.key", encoding: .utf8) == secret)
      #expect(try await Program(["keygen", "../up", "--directory", directory]).end().status == 64)
      #expect(try await Program(["keygen", "local", "--directory", directory]).end().status == 64)
      #expect(try await Program(["keygen", "account", "--directory", "\(directory)/new"]).end().status == 0)
    }
  }

  @Test func `a check says which rule allows, or which would`() async throws {
    try await withDirectory { directory in
      _ = try await Program(["keygen", "account", "--directory", directory]).end()
      let file = "\(directory)/bus.yaml"
      let text = """
        version: 1
        access: { keys: ., key: busd.key, principals: { account: { publish: ["user_*"] } } }

        """
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      let yes = try await Program(["auth", "check", "account", "publish", "user_1", "--topology", file]).end()
      #expect(yes.status == 0)
      #expect(yes.output == "allowed  account publish user_1\n  by       access.principals.account.publish: user_*\n")
      let no = try await Program(["auth", "check", "account", "publish", "order", "--topology", file]).end()
      #expect(no.status == 1)
      #expect(no.output.contains("because  account may publish only user_*"))
      #expect(try await Program(["auth", "check", "account", "fly", "x", "--topology", file]).end().status == 64)
    }
  }
}
