import Checkpoints
import Foundation
import JSON
import Networks
import _Fixtures

/// Folders of diffusers, as `--score diffusers=FOLDER`: two configurations and the weights, which contradict each other in places.
enum DiffusersInput: InputKind {
  static let id = "diffusers"
  /// Beside the file that tells the image.
  private static let folder = "pipeline"
  private static let fixtures = DiffusersFixture.names.compactMap { try? DiffusersFixture($0) }

  static func files(_ dice: inout Dice) -> [InputFile] {
    let fixture = dice.pick(fixtures)
    let changes = { (dice: inout Dice) in dice.pick([0, 0, 0, 0, 1, 1, 2]) }
    let config = dice.mutated(.object(fixture.config), count: changes(&dice))
    let scheduler = dice.mutated(.object(fixture.scheduler), count: changes(&dice))
    var network = MadeNetwork()
    for tensor in fixture.tensors { network.add(tensor) }
    for _ in 0..<changes(&dice) { network.mutate(&dice) }
    var weights = CheckpointInput.encoded(network, &dice)
    if dice.chance(0.05) { weights = dice.mutated(weights) }
    let place = folder + dice.pick(["/unet/", "/unet/", "/unet_ema/", "/"])
    let noise = folder + (place == folder + "/" ? "/" : "/scheduler/")
    var files = [
      ReferenceExercise.imageFile(image(config) ?? [fixture.channels, 8, 8]),
      InputFile(place + "config.json", text(config, &dice)),
      InputFile(noise + "scheduler_config.json", text(scheduler, &dice)),
      InputFile(place + "diffusion_pytorch_model." + dice.pick(["safetensors", "bin", "fp16.bin"]), weights),
    ]
    if dice.chance(0.2) { files.append(InputFile(folder + "/model_index.json", text(index(&dice), &dice))) }
    if dice.chance(0.03) { files.remove(at: dice.integer(1...files.count - 1)) }
    return files
  }

  private static func text(_ value: JSONValue, _ dice: inout Dice) -> String {
    let text = JSONText.text(value)
    return dice.chance(0.02) ? String(decoding: dice.mutated(Data(text.utf8)), as: UTF8.self) : text
  }

  private static func index(_ dice: inout Dice) -> JSONValue {
    let part = JSONValue.array([.string("diffusers"), .string("UNet2DModel")])
    return dice.mutated(
      .object([
        JSONMember(key: "_class_name", value: .string(dice.pick(["DDPMPipeline", "ConsistencyModelPipeline"]))),
        JSONMember(key: dice.pick(["unet", "unet", "unet", "vae", "text_encoder"]), value: part),
      ]), count: dice.pick([0, 1]))
  }

  /// Of the configuration's own images, if they are small, so that a changed size gets past the task's.
  private static func image(_ config: JSONValue) -> [Int]? {
    guard case .object(let members) = config else { return nil }
    func number(_ key: String) -> Int? {
      members.first { $0.key == key }?.value.intValue.flatMap { (1...64).contains($0) ? Int($0) : nil }
    }
    guard let channels = number("in_channels"), let side = number("sample_size") else { return nil }
    return [channels, side, side]
  }

  static func run(_ place: URL, _ progress: inout Progress) throws {
    let path = place.appendingPathComponent(folder).path
    let files = try DiffusersFolder.files(in: path)
    _ = try CheckpointReader.stateDict(of: CheckpointFile.open(files[0]))
    progress = .parsed
    try ReferenceExercise.score(id, path, image: ReferenceExercise.image(in: place), &progress)
  }
}
