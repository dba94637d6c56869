import Checkpoints
import Foundation
import JSON
import _Fixtures

/// Snapshots of NVlabs/edm and state dicts of the same networks, as `--score edm=FILE` and `--reference edm=COND,UNCOND`.
enum EDMInput: InputKind {
  static let id = "edm"
  private static let file = "network.pkl"
  private static let other = "unconditional.pkl"

  static func files(_ dice: inout Dice) -> [InputFile] {
    let fixture = EDMFixture(
      dice.pick(EDMFixture.Architecture.allCases),
      preconditioner: dice.pick(["EDMPrecond", "EDMPrecond", "VPPrecond", "VEPrecond", "iDDPMPrecond"]),
      classes: dice.pick([0, 0, 3, 4]), resolution: dice.pick([8, 8, 8, 12]), channels: dice.pick([1, 3]))
    var network = fixture.network
    for _ in 0..<dice.pick([0, 0, 0, 1, 1, 2]) { network.mutate(&dice) }
    let isStateDict = dice.chance(0.3)
    var data = isStateDict ? stateDict(network, &dice) : snapshot(network, &dice)
    if dice.chance(0.1) { data = dice.mutated(data) }
    var files = [
      InputFile(file, data),
      ReferenceExercise.imageFile([fixture.channels, fixture.resolution, fixture.resolution]),
    ]
    if isStateDict, dice.chance(0.7) { files.append(InputFile(file + ".json", description(fixture, &dice))) }
    if dice.chance(0.1) {
      let plain = EDMFixture(resolution: fixture.resolution, channels: fixture.channels)
      files.append(InputFile(other, plain.snapshot().data))
    }
    return files
  }

  private static func snapshot(_ network: EDMFixture.Module, _ dice: inout Dice) -> Data {
    var snapshot = MadeSnapshot()
    return PickleEncoder.encode(snapshot.file(network, &dice), protocol: dice.pick([2, 3, 4, 4, 4]))
  }

  private static func stateDict(_ network: EDMFixture.Module, _ dice: inout Dice) -> Data {
    var made = MadeNetwork()
    made.add(network, prefix: dice.pick(["", "", "net.", "module."]))
    for _ in 0..<dice.pick([0, 0, 0, 1, 2]) { made.mutate(&dice) }
    return CheckpointInput.encoded(made, &dice)
  }

  /// What a state dict does not say.
  private static func description(_ fixture: EDMFixture, _ dice: inout Dice) -> String {
    let told = JSONValue.object([
      JSONMember(key: "preconditioning", value: .string(fixture.preconditioner)),
      JSONMember(key: "headChannels", value: .integer(8)),
    ])
    let members = [
      JSONMember(key: "id", value: .string("made")), JSONMember(key: "name", value: .string("made")),
      JSONMember(key: "architecture", value: told),
    ]
    return JSONText.text(dice.mutated(.object(members), count: dice.pick([0, 0, 0, 1, 2])))
  }

  static func run(_ folder: URL, _ progress: inout Progress) throws {
    let path = folder.appendingPathComponent(file).path
    _ = try CheckpointReader.stateDict(of: CheckpointFile.open(path))
    progress = .parsed
    let second = folder.appendingPathComponent(other).path
    try ReferenceExercise.score(
      id, path, second: FileManager.default.fileExists(atPath: second) ? second : nil,
      image: ReferenceExercise.image(in: folder), &progress)
  }
}

extension MadeNetwork {
  /// The tensors of a module and of all in it.
  mutating func add(_ module: EDMFixture.Module, prefix: String) {
    for (name, tensor) in module.parameters + module.buffers {
      guard let tensor else { continue }
      tensors.append(MadeTensor(prefix + name, tensor.shape.dimensions, tensor.scalars, storage: tensors.count))
    }
    for child in module.children { add(child.module, prefix: prefix + child.name + ".") }
  }
}
