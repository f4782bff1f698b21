import BusProtocol
import BusTopology
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct TopologySchemaTests {
  /// To write the file anew, set BUS_WRITE_SCHEMA=1 and run this test.
  @Test func `the schema in the repository is the one that the keys give`() throws {
    if ProcessInfo.processInfo.environment["BUS_WRITE_SCHEMA"] != nil {
      try Data(TopologySchema.json().utf8).write(to: URL(filePath: ShopFile.schema))
    }
    #expect(try ShopFile.text(ShopFile.schema) == TopologySchema.json())
  }

  @Test func `the schema is JSON that names every key of the shop`() throws {
    let schema = try JSONParser.parse(TopologySchema.json().utf8)
    let engine = schema["properties"]?["engines"]?["additionalProperties"]
    #expect(engine?["required"] == ["binary"])
    #expect(engine?["properties"]?["queues"]?["additionalProperties"]?["properties"]?["priority"]?["default"] == 100)
    #expect(schema["additionalProperties"] == false)
  }
}
