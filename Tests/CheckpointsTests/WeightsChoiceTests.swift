import Foundation
import Testing

@testable import Checkpoints

/// Files that hold several networks.
@Suite struct WeightsChoiceTests {
  private typealias Part = (PickleAssembler) -> PickleAssembler

  private static func dictionary(_ items: [(String, Part)]) -> Part {
    { start in items.reduce(start.adding("}")) { $1.1($0.string($1.0)).adding(.setItem) } }
  }

  /// A state dict whose tensors have `size` elements, by which it is told.
  private static func weights(_ size: Int, names: [String] = ["a.weight", "b.weight"], prefix: String = "") -> Part {
    dictionary(names.map { name in (prefix + name, { $0.tensor(count: 16, shape: [size], strides: [1]) }) })
  }

  private func read(_ part: Part, _ choice: WeightsChoice = WeightsChoice()) throws -> StateDict {
    let data = try part(PickleAssembler()).adding(.stop).zip()
    return try CheckpointReader.stateDict(of: CheckpointFile(name: "m.pth", data: data), choosing: choice)
  }

  private func message(_ part: Part, _ choice: WeightsChoice = WeightsChoice()) -> String {
    do { return "read: \(try read(part, choice).names)" } catch { return "\(error)" }
  }

  @Test(arguments: ["module", "params", "params_ema", "model_state", "weights", "network", "model_ema", "student"])
  func otherKeysAreFound(key: String) throws {
    let state = try read(Self.dictionary([(key, Self.weights(2)), ("epoch", { $0.integer(3) })]))
    #expect(state.location == key && state.tensors[0].shape == [2] && state.weights == nil)
    #expect(state.notes.contains("tensors found under `\(key)`"))
  }

  /// As Flax keeps the parameters of modules in modules.
  @Test func treesOfFlaxAreOneNetwork() throws {
    let names = ["kernel", "bias"]
    let block = Self.dictionary([("Dense_0", Self.weights(3, names: names))])
    let tree = Self.dictionary([
      ("Dense_0", Self.weights(2, names: names)), ("step", { $0.integer(3) }), ("Block_0", block),
    ])
    let expected = ["Dense_0.kernel", "Dense_0.bias", "Block_0.Dense_0.kernel", "Block_0.Dense_0.bias"]
    #expect(try read(tree).names == expected)
    let inner = try read(Self.dictionary([("params", tree)]))
    #expect(inner.names == expected && inner.location == "params")
  }

  /// A few bytes refer to a key that was written once, and each tensor's name holds it.
  @Test func namesOfTreesAreLimited() {
    let key = String(repeating: "k", count: 1 << 15)
    let leaves = Self.weights(2, names: (0..<600).map { "\($0).kernel" })
    #expect(message(Self.dictionary([(key, leaves)])).contains("the length of all names"))
  }

  @Test(arguments: [("model", "model_ema"), ("state_dict", "state_dict_ema"), ("params", "params_ema"), ("net", "ema")])
  func averagedWeightsAreTakenAndBothNamed(plain: String, averaged: String) throws {
    let file = Self.dictionary([(plain, Self.weights(2)), (averaged, Self.weights(3, prefix: "module."))])
    let state = try read(file)
    #expect(state.location == averaged && state.weights == averaged && state.tensors[0].shape == [3])
    #expect(
      state.notes.contains {
        $0.contains("2 state dicts (`\(plain)`, `\(averaged)`)") && $0.contains("--weights \(plain) takes the others")
      }, "\(state.notes)")
    let other = try read(file, WeightsChoice(key: plain))
    #expect(other.location == plain && other.weights == plain && other.tensors[0].shape == [2])
  }

  /// The averages are the `state_dict`, the last step's weights the `ema_state_dict` with the average's names.
  @Test func averagesOfMMEngineAreTheStateDict() throws {
    func tensor(_ size: Int) -> Part { { $0.tensor(count: 16, shape: [size], strides: [1]) } }
    let last = ["module.a.weight", "module.b.weight"].map { ($0, tensor(3)) } + [("steps", tensor(1))]
    let file = Self.dictionary([("state_dict", Self.weights(2)), ("ema_state_dict", Self.dictionary(last))])
    let state = try read(file)
    #expect(state.location == "state_dict" && state.weights == "state_dict" && state.tensors[0].shape == [2])
    #expect(
      state.notes.contains { $0.contains("MMEngine") && $0.contains("--weights ema_state_dict takes") },
      "\(state.notes)")
    let other = try read(file, WeightsChoice(key: "ema_state_dict"))
    #expect(other.names.sorted() == ["a.weight", "b.weight"] && other.tensors[0].shape == [3])
  }

  /// Averages of parameters alone lack the statistics of batch normalisation.
  @Test func incompleteAveragesAreNotTaken() throws {
    let state = try read(
      Self.dictionary([("model", Self.weights(2)), ("ema", Self.weights(3, names: ["a.weight"]))]))
    #expect(state.location == "model" && state.weights == "model")
    #expect(state.notes.contains { $0.contains("lack 1 of its tensors (first: `b.weight`)") }, "\(state.notes)")
  }

  /// One dictionary with the network's tensors and their averages under names of their own, and what belongs to both.
  @Test(arguments: ["ema_model", "model_ema", "ema", "swa_model"]) func averagesBesideANetworkAreTaken(prefix: String)
    throws
  {
    let names = ["a.weight", "b.weight"]
    func file(_ averaged: [String]) -> Part {
      let items = names.map { ("model.\($0)", 2) } + averaged.map { ("\(prefix).\($0)", 3) }
      return Self.dictionary(items.map { name, size in (name, { $0.tensor(count: 16, shape: [size], strides: [1]) }) })
    }
    let state = try read(file(names.map { "module.\($0)" }))
    #expect(state.weights == prefix && state.tensors.map(\.name) == names && state.tensors[0].shape == [3])
    #expect(
      state.notes.contains {
        $0.contains("2 state dicts (`model`, `\(prefix)`)") && $0.contains("--weights model takes the others")
      }, "\(state.notes)")
    let other = try read(file(names), WeightsChoice(key: "model"))
    #expect(other.weights == "model" && other.tensors.map(\.name) == names && other.tensors[0].shape == [2])
    #expect(try read(file(names), WeightsChoice(key: prefix)).tensors[0].shape == [3])

    // Averages of parameters alone lack the statistics of batch normalisation.
    let incomplete = try read(file([names[0]]))
    #expect(incomplete.weights == "model" && incomplete.tensors.map(\.name) == names)
    #expect(
      incomplete.notes.contains { $0.contains("lack 1 of its tensors (first: `b.weight`)") }, "\(incomplete.notes)")
    // A module of another kind that is called so belongs to the network.
    let own = try read(file(["scale", "decay.weight"]))
    #expect(own.tensors.count == 4 && own.weights == nil)
  }

  @Test func severalOfEqualRightAreAsked() throws {
    let networks = Self.dictionary([("generator", Self.weights(2)), ("discriminator", Self.weights(3))])
    #expect(
      message(networks)
        == "m.pth: holds 2 state dicts (`generator`, `discriminator`) and nothing says which is meant; choose one with "
        + "--weights KEY")
    #expect(try read(networks, WeightsChoice(key: "discriminator")).tensors[0].shape == [3])
    #expect(
      message(networks, WeightsChoice(key: "model"))
        == "m.pth: --weights model: there is no such state dict; the file holds `generator`, `discriminator`")
  }

  @Test func membersOfAListAreChosenByTheirPlace() throws {
    let members: Part = { start in
      (1...3).reduce(start.adding(.emptyList)) { Self.weights($1)($0).adding(.append) }
    }
    let first = try read(members)
    #expect(first.tensors[0].shape == [1] && first.weights == "[0]")
    #expect(
      first.notes.contains { $0.contains("holds 3 state dicts (`[0]`, `[1]`, `[2]`)") && $0.contains("--member N") },
      "\(first.notes)")
    for member in 0..<3 {
      let state = try read(members, WeightsChoice(member: member))
      #expect(state.tensors[0].shape == [member + 1] && state.weights == "[\(member)]")
    }
    #expect(message(members, WeightsChoice(member: 3)).contains("--member 3: there is no such state dict"))
    let nested = Self.dictionary([("state_dict", members)])
    #expect(try read(nested, WeightsChoice(key: "state_dict", member: 1)).location == "state_dict[1]")
  }

  @Test func aSafetensorsFileOfOneNetworkHasNothingToChoose() throws {
    let data = try SafetensorsWriter.encode([TensorToWrite(name: "w", shape: [1], floats: [1])])
    let message = #expect(throws: CheckpointError.self) {
      try CheckpointReader.stateDict(of: CheckpointFile(name: "m", data: data), choosing: WeightsChoice(key: "model"))
    }?.description
    #expect(
      message
        == "m: is a safetensors file, which holds the tensors of one network; leave --weights and --member away")
  }

  /// A safetensors file has no dictionaries, so names alone tell its networks apart; the rule is the same.
  @Test func averagesInASafetensorsFileAreTaken() throws {
    func read(_ averaged: [String], _ choice: WeightsChoice = WeightsChoice()) throws -> StateDict {
      let own = ["model.a.weight", "model.b.weight"].map { TensorToWrite(name: $0, shape: [1], floats: [1]) }
      let others = averaged.map { TensorToWrite(name: "model_ema.\($0)", shape: [1], floats: [2]) }
      let data = try SafetensorsWriter.encode(own + others)
      return try CheckpointReader.stateDict(of: CheckpointFile(name: "m", data: data), choosing: choice)
    }
    let names = ["a.weight", "b.weight"]
    let state = try read(names.map { "module.\($0)" })
    #expect(state.weights == "model_ema" && state.location == "model_ema" && state.names == names)
    #expect(try state.tensors[0].floats() == [2])
    #expect(
      state.notes.contains {
        $0.contains("2 state dicts (`model`, `model_ema`)") && $0.contains("--weights model takes the others")
      }, "\(state.notes)")
    let raw = try read(names, WeightsChoice(key: "model"))
    #expect(try raw.weights == "model" && raw.names == names && raw.tensors[0].floats() == [1])
    #expect(try read(["a.weight"]).weights == "model")
    #expect(try read(["scale", "decay.weight"]).weights == nil)
    #expect(throws: CheckpointError.self) { try read(names, WeightsChoice(key: "teacher")) }
    #expect(throws: CheckpointError.self) { try read(names, WeightsChoice(member: 0)) }
  }
}
