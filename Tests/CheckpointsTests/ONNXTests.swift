import Foundation
import ONNXSchema
import SwiftProtobuf
import Testing

@testable import Checkpoints

/// Reading ONNX files: tensors in every field they can lie in, and files that are damaged or hostile.
@Suite struct ONNXTests {
  private static func model(_ change: (inout ProtoModel) -> Void = { _ in }) -> ProtoModel {
    var model = ProtoModel()
    model.irVersion = 8
    model.opsetImport = [ProtoOperatorSet.with { $0.version = 13 }]
    change(&model)
    return model
  }

  private static func read(_ model: ProtoModel, folder: URL? = nil) throws -> ONNXModel {
    let data: Data = try model.serializedBytes()
    guard let folder else { return try ONNXReader.model(of: CheckpointFile(name: "m.onnx", data: data)) }
    let path = folder.appendingPathComponent("m.onnx").path
    try data.write(to: URL(fileURLWithPath: path))
    return try ONNXReader.model(of: CheckpointFile.open(path))
  }

  private static func read(_ tensor: ProtoTensor, folder: URL? = nil) throws -> StoredTensor {
    let model = try read(model { $0.graph.initializer = [tensor] }, folder: folder)
    return try #require(model.graph.initializers[tensor.name])
  }

  private static func failure(_ tensor: ProtoTensor, folder: URL? = nil) -> String {
    do {
      _ = try read(tensor, folder: folder)
      return ""
    } catch { return "\(error)" }
  }

  private static func tensor(_ type: Int32, _ dims: [Int64], _ fill: (inout ProtoTensor) -> Void) -> ProtoTensor {
    .with {
      $0.name = "w"
      $0.dataType = type
      $0.dims = dims
      fill(&$0)
    }
  }

  @Test func everyFieldIsRead() throws {
    func numbers(_ type: Int32, _ fill: (inout ProtoTensor) -> Void) throws -> [Double] {
      try Self.read(Self.tensor(type, [2], fill)).doubles()
    }
    #expect(try numbers(1) { $0.floatData = [1.5, -2] } == [1.5, -2])
    #expect(try numbers(11) { $0.doubleData = [1.5, -2] } == [1.5, -2])
    #expect(try numbers(6) { $0.int32Data = [7, -8] } == [7, -8])
    #expect(try numbers(7) { $0.int64Data = [1 << 40, -8] } == [0x1p40, -8])
    #expect(try numbers(13) { $0.uint64Data = [1 << 40, 8] } == [0x1p40, 8])
    #expect(try numbers(12) { $0.uint64Data = [7, 0xffff_ffff] } == [7, 4_294_967_295])
    #expect(try numbers(3) { $0.int32Data = [7, -8] } == [7, -8])
    #expect(try numbers(2) { $0.int32Data = [7, 200] } == [7, 200])
    #expect(try numbers(9) { $0.int32Data = [1, 0] } == [1, 0])
    #expect(try numbers(10) { $0.int32Data = [0x3c00, 0xc000] } == [1, -2])
    #expect(try numbers(16) { $0.int32Data = [0x3f80, 0xc000] } == [1, -2])
    #expect(try numbers(1) { $0.rawData = Data([0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]) } == [1.5, -2])
  }

  @Test func emptyAndScalarTensorsAreRead() throws {
    #expect(try Self.read(Self.tensor(1, [0, 3]) { _ in }).floats() == [])
    #expect(try Self.read(Self.tensor(1, []) { $0.floatData = [3] }).floats() == [3])
  }

  @Test(
    arguments: [
      (tensor(1, [3]) { $0.floatData = [1] }, "take 12 bytes, but data of 4"),
      (tensor(1, [3]) { _ in }, "tensor `w` of shape [3] has no numbers: the graph was saved without its weights"),
      (tensor(1, [1]) { $0.rawData = Data(count: 5) }, "take 4 bytes, but data of 5"),
      (tensor(1, [-1]) { $0.floatData = [1] }, "none negative"),
      (tensor(1, [1 << 40, 1 << 40]) { _ in }, "elements"),
      (tensor(1, [.max]) { _ in }, "elements"),
      (tensor(1, [0, 1 << 40]) { _ in }, "elements"),
      (tensor(1, [Int64](repeating: 1, count: 65)) { $0.floatData = [1] }, "at most 64 extents"),
      (tensor(8, [1]) { _ in }, "dtype string"),
      (tensor(14, [1]) { _ in }, "dtype complex64"),
      (tensor(17, [1]) { _ in }, "dtype float8e4m3fn"),
      (tensor(99, [1]) { _ in }, "dtype number 99"),
      (tensor(1, [1]) { $0.dataLocation = 7 }, "unknown data location 7"),
      (tensor(1, [1]) { $0.dataLocation = 1 }, "not named"),
    ]) func contradictionsAreErrors(_ tensor: ProtoTensor, _ reason: String)
  {
    let message = Self.failure(tensor)
    #expect(message.hasPrefix("m.onnx: tensor `w`") && message.contains(reason), "\(message)")
  }

  private static func external(_ entries: [String: String]) -> ProtoTensor {
    tensor(1, [2]) { tensor in
      tensor.dataLocation = 1
      tensor.externalData = entries.sorted { $0.key < $1.key }.map { key, value in
        .with {
          $0.key = key
          $0.value = value
        }
      }
    }
  }

  @Test func externalDataIsRead() throws {
    let folder = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data([9, 9, 9, 9, 0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]).write(to: folder.appendingPathComponent("w.bin"))
    #expect(
      try Self.read(Self.external(["location": "w.bin", "offset": "4", "length": "8"]), folder: folder).floats()
        == [1.5, -2])
    for location in ["w.bin", "./w.bin"] {
      #expect(
        try Self.read(Self.external(["location": location, "offset": "4"]), folder: folder).floats() == [1.5, -2])
    }
  }

  @Test("weights beside the model are a part of what it is known by")
  func externalFilesEnterTheDigest() throws {
    let folder = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: folder) }
    let (weights, more) = (folder.appendingPathComponent("w.bin"), folder.appendingPathComponent("sub/more.bin"))
    try FileManager.default.createDirectory(at: more.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data([0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]).write(to: weights)
    try Data(repeating: 1, count: 8).write(to: more)
    // One among the graph's tensors, by two names, one in a branch of a node.
    let model = ProtoModel.with { model in
      model.irVersion = 8
      model.graph.initializer = ["w.bin", "./w.bin"].map { Self.external(["location": $0]) }
      model.graph.node = [
        .with { node in
          node.opType = "If"
          node.attribute = [
            .with { attribute in
              attribute.name = "then_branch"
              attribute.g.initializer = [Self.external(["location": "sub/more.bin", "offset": "0"])]
            }
          ]
        }
      ]
    }
    let url = folder.appendingPathComponent("m.onnx")
    // Kept: a file is mapped, and must not be written while it is.
    let bytes: Data = try model.serializedData()
    try bytes.write(to: url)
    let file = try CheckpointFile.open(url.path)
    #expect(file.externalFiles.map(\.name) == ["sub/more.bin", "w.bin"])
    #expect(file.totalByteCount == file.byteCount + 16)
    let own = CheckpointFile.sha256(of: bytes)
    func listed(_ weights: Data) throws -> String {
      let lines = [
        (own, "m.onnx"), (CheckpointFile.sha256(of: try Data(contentsOf: more)), "sub/more.bin"),
        (CheckpointFile.sha256(of: weights), "w.bin"),
      ]
      return CheckpointFile.sha256(of: Data(lines.map { "\($0.0)  \($0.1)\n" }.joined().utf8))
    }
    #expect(try file.sha256 == listed(Data(contentsOf: weights)))
    // Halved weights are another model.
    let halved = Data([0, 0, 0x40, 0x3f, 0, 0, 0x80, 0xbf])
    try halved.write(to: weights)
    #expect(try CheckpointFile.open(url.path).sha256 == listed(halved))
    #expect(try listed(halved) != file.sha256)
    // Cut off anywhere, it still is a file with a digest.
    for length in stride(from: 1, to: file.byteCount, by: 3) {
      try bytes.prefix(length).write(to: url, options: .atomic)
      #expect(try CheckpointFile.open(url.path).sha256.count == 64)
    }
    // Without its weights, or with those of elsewhere, it is no model.
    try bytes.write(to: url, options: .atomic)
    try FileManager.default.removeItem(at: weights)
    #expect { try CheckpointFile.open(url.path) } throws: { "\($0)".contains("`w.bin`, which is not there") }
    let elsewhere = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: elsewhere) }
    try halved.write(to: elsewhere.appendingPathComponent("w.bin"))
    try FileManager.default.createSymbolicLink(
      at: weights, withDestinationURL: elsewhere.appendingPathComponent("w.bin"))
    #expect { try CheckpointFile.open(url.path) } throws: { "\($0)".contains("leads out of the model's folder") }
    try FileManager.default.removeItem(at: weights)
    try halved.write(to: weights)
    #expect(try CheckpointFile.open(url.path).sha256 == listed(halved))
    #expect(CheckpointFile(name: "m.onnx", data: bytes).sha256 == own)
  }

  @Test(
    arguments: [
      (["location": "../w.bin"], "out of the model's folder; save the model anew with its weights beside it"),
      (["location": "sub/../../w.bin"], "out of the model's folder"),
      (["location": "/etc/passwd"], "out of the model's folder"),
      (["location": "."], "out of the model's folder"),
      (["location": "link"], "out of the model's folder by a link"),
      (
        ["location": "missing"],
        "`missing`, which is not there"
      ),
      (["location": "w.bin", "offset": "5"], "only 7 are left"),
      (["location": "w.bin", "offset": "9223372036854775807"], "only 0 are left"),
      (["location": "w.bin", "offset": "-1"], "expected numbers"),
      (["location": "w.bin", "offset": "x"], "expected numbers"),
      (["location": "w.bin", "length": "4"], "a length of 8 bytes"),
      ([:], "not named"),
    ]) func externalDataStaysInItsFolder(_ entries: [String: String], _ reason: String) throws
  {
    let outer = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: outer) }
    let folder = outer.appendingPathComponent("model")
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("sub"), withIntermediateDirectories: true)
    try Data(count: 12).write(to: folder.appendingPathComponent("w.bin"))
    try Data(count: 12).write(to: outer.appendingPathComponent("w.bin"))
    try FileManager.default.createSymbolicLink(
      at: folder.appendingPathComponent("link"), withDestinationURL: outer.appendingPathComponent("w.bin"))
    let message = Self.failure(Self.external(entries), folder: folder)
    #expect(message.contains(reason), "\(message)")
  }

  @Test func externalDataOfBytesInMemoryIsAnError() {
    #expect(Self.failure(Self.external(["location": "w.bin"])).contains("load it by its path"))
  }

  private static func failure(_ model: ProtoModel) -> String {
    do {
      _ = try read(model)
      return ""
    } catch { return "\(error)" }
  }

  @Test func structureIsChecked() {
    let twice = ProtoNode.with { node in
      node.name = "n"
      node.opType = "Conv"
      node.attribute = [.with { ($0.name, $0.type) = ("a", 2) }, .with { ($0.name, $0.type) = ("a", 2) }]
    }
    #expect(Self.failure(Self.model { $0.graph.node = [twice] }).contains("`a` twice"))
    let unknown = ProtoNode.with { $0.attribute = [.with { ($0.name, $0.type) = ("a", 77) }] }
    #expect(Self.failure(Self.model { $0.graph.node = [unknown] }).contains("unknown type 77"))
    #expect(Self.failure(Self.model { $0.opsetImport = [] }).contains("which version of the operators"))
    #expect(Self.failure(Self.model { $0.opsetImport[0].version = -1 }).contains("has version -1"))
    #expect(
      Self.failure(Self.model { $0.graph.sparseInitializer = [ProtoSparseTensor()] }).contains("sparse initialiser"))
    let weights = Self.tensor(1, [1]) { $0.floatData = [1] }
    #expect(Self.failure(Self.model { $0.graph.initializer = [weights, weights] }).contains("initialised twice"))
  }

  @Test func nestingIsLimited() {
    var graph = ProtoGraph()
    for _ in 0..<12 {
      let inner = graph
      graph = ProtoGraph.with { outer in
        outer.node = [.with { $0.attribute = [.with { ($0.name, $0.type, $0.g) = ("body", 5, inner) }] }]
      }
    }
    #expect(Self.failure(Self.model { $0.graph = graph }).contains("the nesting of graphs"))
  }

  @Test func initialisersAmongTheInputsAreNoInputs() throws {
    let model = try Self.read(
      Self.model {
        $0.graph.initializer = [Self.tensor(1, [1]) { $0.floatData = [1] }]
        $0.graph.input = [.with { $0.name = "x" }, .with { $0.name = "w" }]
      })
    #expect(model.graph.inputs.map(\.name) == ["x"])
  }

  private static let files = ["nhwc-softmax", "function-and-if"]

  private static func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: Fixtures.directory.deletingLastPathComponent().appendingPathComponent("onnx/\(name).onnx"))
  }

  /// A message may be cut between two fields and is one still; nothing else is accepted, and nothing crashes.
  @Test(arguments: files) func truncationNeverCrashes(_ name: String) throws {
    let whole = try Self.bytes(name)
    var accepted = 0
    for length in 0..<whole.count {
      let file = CheckpointFile(name: "cut", data: whole.prefix(length))
      if (try? ONNXReader.model(of: file)) != nil { accepted += 1 }
    }
    #expect(accepted < 8, "\(accepted)")
  }

  @Test(arguments: files) func flippedBitsNeverCrash(_ name: String) throws {
    let whole = try Self.bytes(name)
    for index in whole.indices {
      for bit in 0..<8 {
        var damaged = whole
        damaged[index] ^= 1 << UInt8(bit)
        _ = try? ONNXReader.model(of: CheckpointFile(name: "test", data: damaged))
      }
    }
  }

  /// Nodes in the order that the format demands stay where they are; others are put behind those that they need.
  @Test func nodesAreOrdered() throws {
    func order(_ nodes: [(String, [String], [String])]) throws -> [String] {
      let model = Self.model { model in
        model.graph.node = nodes.map { name, inputs, outputs in
          .with { ($0.name, $0.opType, $0.input, $0.output) = (name, "Sum", inputs, outputs) }
        }
      }
      return try Self.read(model).graph.nodes.map(\.name)
    }
    #expect(try order([("a", ["x"], ["1"]), ("b", ["x"], ["2"]), ("c", ["1"], ["3"])]) == ["a", "b", "c"])
    #expect(try order([("c", ["1", "2"], ["3"]), ("a", ["x"], ["1"]), ("b", ["1"], ["2"])]) == ["a", "b", "c"])
    // In a circle there is no order.
    #expect(try order([("a", ["2"], ["1"]), ("b", ["1"], ["2"])]) == ["a", "b"])
    // A chain as long as files get, the wrong way round.
    let chain = (0..<20_000).map { ("\($0)", ["\($0)"], ["\($0 + 1)"]) }
    #expect(try order(chain.reversed()) == chain.map(\.0))
  }
}
