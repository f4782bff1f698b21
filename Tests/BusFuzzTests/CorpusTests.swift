import BusFuzz
import Foundation
import Testing

/// What the fuzzers begin with and what they found, read by the ordinary build, in which every index is checked.
struct CorpusTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")

  static let names = FuzzTarget.all.map(\.name)

  /// The inputs of a target that are kept: `Corpus/TARGET-what` is one.
  static func kept(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    return try names.filter { $0.prefix { $0 != "-" } == target.name }.map {
      ($0, [UInt8](try Data(contentsOf: folder.appending(path: $0))))
    }
  }

  @Test func `each kept input has a target`() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: CorpusTests.folder.path) {
      #expect(FuzzTarget.named(String(name.prefix { $0 != "-" })) != nil, "\(name)")
    }
  }

  @Test(arguments: names) func `a seed is accepted and comes back the same`(name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    let seeds = try target.seeds()
    #expect(!seeds.isEmpty)
    for (number, seed) in seeds.enumerated() {
      #expect(try target.accepts(seed), "\(target.name), seed \(number)")
    }
  }

  @Test(arguments: names) func `what a fuzzer kept is read or refused`(name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    for (file, bytes) in try CorpusTests.kept(target) {
      #expect(throws: Never.self, "\(file)") { _ = try target.accepts(bytes) }
    }
  }

  @Test(arguments: names) func `what is changed at random is read or refused`(name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    let inputs = try target.seeds() + CorpusTests.kept(target).map(\.bytes)
    var chance = FuzzMutation(seed: 7)
    var (accepted, count) = (0, 0)
    let deadline = ContinuousClock.now + .milliseconds(150)
    while count < 2000, ContinuousClock.now < deadline {
      let (one, other) = (inputs[count % inputs.count], inputs[(count / inputs.count) % inputs.count])
      let changed = chance.change(one, with: other)
      do {
        if try target.accepts(changed) { accepted += 1 }
      } catch {
        Issue.record("\(target.name): \(error) for \(Data(changed).base64EncodedString())")
        return
      }
      count += 1
    }
    #expect(accepted < count)
  }
}
