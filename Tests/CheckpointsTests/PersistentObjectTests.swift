import Foundation
import Testing

@testable import Checkpoints

/// Networks that `torch_utils.persistence` pickled, and tensors that `pickle.dump` wrote, made by hand.
@Suite struct PersistentObjectTests {
  /// `_reconstruct_persistent_obj(meta)`.
  private static func persistent(
    _ start: PickleAssembler, version: Int = 6, type: String = "class", className: String = "Net",
    _ state: (PickleAssembler) -> PickleAssembler
  ) -> PickleAssembler {
    let meta = start.adding("ctorch_utils.persistence\n_reconstruct_persistent_obj\n}").string("type").string(type)
      .adding("s").string("version").integer(version).adding("s").string("module_src")
      .string("raise SystemExit").adding("s").string("class_name").string(className).adding("s").string("state")
      .adding("}")
    return state(meta).adding("s").adding(.tuple1).adding("R")
  }

  /// The three dictionaries of a module with these contents.
  private static func module(
    _ start: PickleAssembler, parameters: (PickleAssembler) -> PickleAssembler = { $0 },
    children: (PickleAssembler) -> PickleAssembler = { $0 }
  ) -> PickleAssembler {
    let own = parameters(start.string("_parameters").adding("}")).adding("s").string("_buffers").adding("}s")
    return children(own.string("_modules").adding("}")).adding("s")
  }

  private static func tensor(
    _ start: PickleAssembler, shape: [Int] = [2], strides: [Int] = [1], _ storage: [UInt8]
  ) -> PickleAssembler {
    let count = storage.count
    return start.adding("ctorch._utils\n_rebuild_tensor_v2\n(ctorch.storage\n_load_from_bytes\n")
      .adding(.binBytes, [UInt8(count & 255), UInt8(count >> 8), 0, 0] + storage).adding(.tuple1).adding("R").integer(0)
      .integers(shape).integers(strides).adding(.newFalse).adding("}tR")
  }

  /// A storage as a legacy file of its own.
  private static func storage(_ values: [Float], claimed: Int? = nil, magic: UInt8 = 0x6c) -> [UInt8] {
    let head = PickleAssembler().adding(.long1, [10, magic, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19])
      .adding(".")
    let parts = [
      head, PickleAssembler().adding(.binInt2, [0xe9, 3]).adding("."),
      PickleAssembler().adding("}").string("little_endian").adding(.newTrue).adding("s."),
      PickleAssembler().adding("(").string("storage").adding("ctorch\nFloatStorage\n").string("1").string("cpu")
        .integer(claimed ?? values.count).adding("NtQ."),
      PickleAssembler().adding("]").string("1").adding("a."),
    ]
    let count = (0..<8).map { UInt8(truncatingIfNeeded: values.count >> (8 * $0)) }
    let data = values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32($0))) }
    }
    return parts.flatMap(\.bytes) + count + data
  }

  private static func read(_ pickle: PickleAssembler) throws(CheckpointError) -> StateDict {
    try CheckpointReader.stateDict(of: CheckpointFile(name: "net.pkl", data: pickle.adding(".").data))
  }

  private static func refusal(_ pickle: PickleAssembler) -> String {
    Fixtures.failure(pickle.adding(".").data, name: "net.pkl")?.description ?? ""
  }

  /// A network of one layer under `ema`.
  private static func network(
    version: Int = 6, type: String = "class", attributes: (PickleAssembler) -> PickleAssembler = { $0 },
    shape: [Int] = [2], strides: [Int] = [1], _ storage: [UInt8] = storage([1, 2])
  ) -> PickleAssembler {
    persistent(PickleAssembler().adding("}").string("ema"), version: version, type: type) { start in
      let state = module(
        start,
        children: { list in
          persistent(list.string("fc"), className: "Linear") { inner in
            attributes(
              module(
                inner, parameters: { tensor($0.string("weight"), shape: shape, strides: strides, storage).adding("s") })
            )
          }.adding("s")
        })
      return state
    }.adding("s")
  }

  @Test func networksAreReadAsModules() throws {
    let state = try Self.read(
      Self.network(attributes: {
        $0.string("eps").adding("G").adding([0x3f, 0xf0, 0, 0, 0, 0, 0, 0]).adding("s").string("bias").adding("Ns")
          .string("skip_scale").adding("cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(").string("f8").adding("tR")
          .adding("C").adding([8, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f]).adding("tRs")
      }))
    #expect(state.origins == ["fc.weight"] && state.location == "ema")
    #expect(try state.tensors[0].floats() == [1, 2])
    #expect(state.modules.map(\.className) == ["Net", "Linear"])
    let linear = try #require(state.modules.last)
    #expect(linear.settings["eps"] == .number(1) && linear.settings["skip_scale"] == .number(0.5))
    #expect(linear.settings["bias"] == nil)
    #expect(state.unknownGlobals.isEmpty, "\(state.unknownGlobals)")
  }

  /// What Python would call stays a name, whatever attribute it is in.
  @Test func attributesThatCall() throws {
    let state = try Self.read(
      Self.network(attributes: { $0.string("hook").adding("cposix\nsystem\n(").string("exit 1").adding("tRs") }))
    #expect(state.origins == ["fc.weight"] && state.unknownGlobals == ["posix.system"])
    #expect(state.notes.contains { $0.contains("inert placeholders: posix.system") })
  }

  @Test func otherObjectsOfTheLibraryAreNoNetworks() {
    #expect(Self.refusal(Self.network(version: 7)).contains("no named tensors found"))
    #expect(Self.refusal(Self.network(type: "function")).contains("no named tensors found"))
    let loss = Self.persistent(PickleAssembler().adding("}").string("loss"), className: "EDMLoss") {
      $0.string("P_mean").integer(1).adding("s")
    }.adding("s")
    #expect(Self.refusal(loss).contains("`loss` = an object of EDMLoss, pickled with its source code"))
  }

  @Test func damagedStorages() {
    let good = Self.storage([1, 2])
    #expect(Self.refusal(Self.network(good + [0])).contains("has 1 bytes behind its storage"))
    #expect(Self.refusal(Self.network(Array(good.dropLast()))).contains("only 7 are left"))
    #expect(Self.refusal(Self.network(Self.storage([1, 2], claimed: 3))).contains("has 2 elements"))
    #expect(Self.refusal(Self.network(Self.storage([1, 2], magic: 0x6d))).contains("PyTorch's magic number"))
    #expect(Self.refusal(Self.network(shape: [3])).contains("reaches beyond its storage of 2 elements"))
    #expect(Self.refusal(Self.network(shape: [2], strides: [2])).contains("reaches beyond its storage"))
    #expect(Self.refusal(Self.network(shape: [1 << 40], strides: [0])).contains("is more than"))
    #expect(Self.refusal(Self.network(shape: [-1])).contains("negative"))
    #expect(Self.refusal(Self.network([])) != "")
    let other = PickleAssembler().adding("}").string("w").adding("s.").bytes
    #expect(Self.refusal(Self.network(other)) != "")
  }

  /// A module that holds another one twice, forty deep, is a small file of 2^40 paths.
  @Test func sharedModulesAreBounded() {
    var pickle = PickleAssembler()
    // Innermost first, each remembered and used twice by the next.
    for level in 0..<40 {
      pickle = Self.persistent(pickle) { start in
        Self.module(
          start,
          children: { list in
            guard level > 0 else { return list }
            return ["a", "b"].reduce(list) { $0.string($1).adding(.binGet, [UInt8(level - 1)]).adding("s") }
          })
      }.adding(.binPut, [UInt8(level)]).adding("0")
    }
    let start = ContinuousClock.now
    let message = Self.refusal(pickle.adding("}").string("ema").adding(.binGet, [39]).adding("s"))
    #expect(message.contains("the nesting of modules"), "\(message)")
    print("modules-doubling refused in \(ContinuousClock.now - start)")
  }
}
