import Foundation
import ONNXSchema
import SwiftProtobuf
import Testing
import _Fixtures

@testable import Checkpoints

/// The message of a model without its tensors' bytes.
@Suite struct ONNXWithoutNumbersTests {
  private static func tensor(_ name: String, _ values: [Float]) -> ProtoTensor {
    .with {
      ($0.name, $0.dataType, $0.dims) = (name, 1, [Int64(values.count)])
      $0.rawData = values.withUnsafeBytes { Data($0) }
    }
  }

  private static let model: ProtoModel = {
    var constant = ONNXGraphs.node("Constant", [], ["c"])
    constant.attribute.append(
      .with { ($0.name, $0.type, $0.t) = ("value", 4, tensor("", [7, 8, 9])) })
    var branch = ONNXGraphs.node("If", ["c"], ["d"])
    branch.attribute.append(
      .with { attribute in
        (attribute.name, attribute.type) = ("then_branch", 5)
        attribute.g.initializer = [tensor("inner", [3])]
      })
    return ONNXGraphs.model(
      [constant, branch],
      [tensor("w", (0..<300).map { Float($0) }), ONNXGraphs.floats("typed", [1, 2]), tensor("empty", [])])
  }()

  /// With every `raw_data` put back, it is the message of the file.
  @Test func everythingElseStaysAsItIs() throws {
    let file = try Self.model.serializedData()
    let light = try #require(ONNXWithoutNumbers(file))
    #expect(light.message.count < file.count - 1000)
    var model = try ProtoModel(serializedBytes: light.message)
    func restore(_ tensor: inout ProtoTensor) throws {
      guard !tensor.rawData.isEmpty else { return }
      let place = try #require(ONNXWithoutNumbers.place(tensor.rawData))
      tensor.rawData = Data(file[place.offset..<place.offset + place.count])
    }
    for index in model.graph.initializer.indices { try restore(&model.graph.initializer[index]) }
    try restore(&model.graph.node[0].attribute[0].t)
    try restore(&model.graph.node[1].attribute[0].g.initializer[0])
    #expect(model == Self.model)
  }

  @Test func numbersAreReadWhereTheyLie() throws {
    let file = CheckpointFile(name: "m.onnx", data: try Self.model.serializedData())
    let graph = try ONNXReader.model(of: file).graph
    let weights = try #require(graph.initializers["w"])
    #expect(try weights.floats() == (0..<300).map { Float($0) } && weights.storage.data.count == file.byteCount)
    #expect(try graph.initializers["typed"]?.floats() == [1, 2] && graph.initializers["empty"]?.floats() == [])
    guard case .tensor(let value)? = graph.nodes[0].attributes["value"] else { throw CocoaError(.featureUnsupported) }
    #expect(try value.floats() == [7, 8, 9])
  }

  /// A place that a file itself gives in the place of numbers is bytes like any others.
  @Test func sixteenBytesOfATensorAreItsNumbers() throws {
    let model = ONNXGraphs.model([], [Self.tensor("four", [1, 0, 2, 0])])
    let file = CheckpointFile(name: "m.onnx", data: try model.serializedData())
    #expect(try ONNXReader.model(of: file).graph.initializers["four"]?.floats() == [1, 0, 2, 0])
  }

  /// Groups are protobuf's and not ONNX's, and what is cut off is nobody's: the decoder has its say.
  @Test func whatIsNoModelIsLeftToTheDecoder() throws {
    let file = try Self.model.serializedData()
    let group = file + [0x9b, 0x06, 0x9c, 0x06]
    #expect(ONNXWithoutNumbers(group) == nil)
    let model = try ONNXReader.model(of: CheckpointFile(name: "m.onnx", data: group))
    #expect(try model.graph.initializers["w"]?.floats().count == 300)
    for count in stride(from: 1, to: file.count, by: 97) {
      guard let light = ONNXWithoutNumbers(Data(file.prefix(count))) else { continue }
      // Cut between two fields of the outermost message.
      #expect(throws: Never.self) { try ProtoModel(serializedBytes: light.message) }
    }
  }
}
