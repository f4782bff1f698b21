import Foundation
import Testing

@testable import BusBench

/// What single operations may ask for: a change that makes one dearer is seen in the commit that does it.
@Suite(.serialized) struct CostTests {
  @Test func `no operation asks for more memory than it may`() throws {
    for operation in Operation.all {
      let limit = try #require(Costs.allocations[operation.name], "\(operation.name) stands not in Costs.swift")
      let each = try operation.allocations(times: 200)
      guard each >= 0 else { return }
      #expect(each <= limit * Costs.tolerance, "\(operation.name): \(each) allocations, \(limit) when it was measured")
      if each * Costs.tolerance < limit {
        print("\(operation.name) asks for \(each), less than the \(limit) in Costs.swift: write that down")
      }
    }
    #expect(Set(Costs.allocations.keys) == Set(Operation.all.map(\.name)))
  }

  @Test func `what asks for memory is counted`() throws {
    let operation = Operation(
      name: "one", about: "an array",
      prepare: {
        var kept: [UInt8] = []
        return Operation.Scene(act: { kept = [UInt8](repeating: UInt8(kept.count & 1), count: 1000) })
      })
    let each = try operation.allocations(times: 100)
    #expect(each == -1 || each >= 1 && each < 50)
  }

  /// In both builds: what a debug build does more is the same each time.
  @Test(.enabled(if: Callgrind.isWanted, "instructions are counted with BUS_MEASURE=1 and valgrind"))
  func `no operation takes more instructions than it may`() async throws {
    let callgrind = try Callgrind()
    defer { callgrind.end() }
    for operation in Operation.all {
      let each = try await callgrind.instructions(of: operation.name)
      let limit = try #require(Costs.instructions[operation.name], "\(operation.name) stands not in Costs.swift")
      #expect(each <= limit * Costs.tolerance, "\(operation.name): \(each) instructions, \(limit) when it was measured")
      if each * Costs.tolerance < limit {
        print("\(operation.name) takes \(Int(each)) instructions, less than \(Int(limit)): write that down")
      }
    }
  }
}
