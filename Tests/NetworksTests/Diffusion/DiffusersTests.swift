import Checkpoints
import Foundation
import JSON
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Networks of diffusers against scores that diffusers itself computed in float64.
@Suite struct DiffusersTests {
  private static func model(_ folder: URL, threads: Int = 1) throws -> DiffusionModel {
    let files = try DiffusersFolder.files(in: folder.path).map { try CheckpointFile.open($0) }
    return try DiffusionModel(diffusers: files, nil, threads: threads)
  }

  private static func model(_ fixture: DiffusersFixture, threads: Int = 1) throws -> DiffusionModel {
    let directory = try TemporaryDirectory()
    try fixture.write(to: directory.url)
    return try model(directory.url, threads: threads)
  }

  /// How a folder is refused.
  private static func message(
    _ name: String = "plain", change: (inout DiffusersFixture) -> Void = { _ in },
    tensors: ([TensorToWrite]) -> [TensorToWrite] = { $0 }
  ) throws -> String {
    var fixture = try DiffusersFixture(name)
    change(&fixture)
    let directory = try TemporaryDirectory()
    try fixture.write(to: directory.url, change: tensors)
    do {
      _ = try model(directory.url)
      return ""
    } catch { return "\(error)" }
  }

  @Test(.everyEngine, arguments: DiffusersFixture.names) func scoresAreThoseOfDiffusers(_ name: String) throws {
    let fixture = try DiffusersFixture(name)
    let model = try Self.model(fixture)
    #expect(model.imageShape == fixture.images.shape.droppingFirst)
    #expect(model.classes == (fixture.isConditional ? 5 : nil))
    for reference in fixture.references {
      let score = try model.score(at: fixture.images, classes: fixture.labels, noise: reference.noise)
      let largest = reference.score.reduce(0) { max($0, abs($1)) }
      for (got, wanted) in zip(score.scalars, reference.score) { #expect(abs(Double(got) - wanted) < 2e-5 * largest) }
    }
  }

  @Test func bytesDependOnTheImageAlone() throws {
    let fixture = try DiffusersFixture("heads")
    let (one, other) = (try Self.model(fixture), try Self.model(fixture, threads: 3))
    let images = Tensor(shape: [37, 1, 8, 8], scalars: (0..<37).flatMap { fixture.images.item($0 % 2) })
    let labels = (0..<37).map { $0 * 3 % 5 }
    let all = try one.score(at: images, classes: labels, noise: 0.2)
    #expect(try other.score(at: images, classes: labels, noise: 0.2).scalars == all.scalars)
    for image in [0, 17, 36] {
      let alone = try one.score(at: images[batch: image..<image + 1], classes: [labels[image]], noise: 0.2)
      #expect(alone.scalars == Array(all.item(image)))
    }
  }

  /// A step's own noise is asked for at its own time, and what lies between two steps in between.
  @Test func theTimeOfANoise() throws {
    let schedule = try DiffusersSchedule(
      CheckpointFile(name: "s.json", data: Data(Self.linear(steps: 1000).utf8)))
    // alphas_cumprod[144] and [145] of DDPMScheduler in diffusers 0.42.1.
    #expect(abs(exp(schedule.logSigmas[144]) - 0.49943) < 1e-5)
    #expect(abs(exp(schedule.logSigmas[0]) - 0.0100005) < 1e-6)
    for step in [0, 1, 144, 999] {
      #expect(abs(try schedule.factors(sigma: exp(schedule.logSigmas[step])).noise - Double(step)) < 1e-6)
    }
    // The same betas in double precision, as counterfactuals have them, end a little below the first step.
    let start = (1e-4 / (1 - 1e-4)).squareRoot()
    #expect(start < exp(schedule.logSigmas[0]))
    #expect(try schedule.factors(sigma: start).noise == 0)
    #expect(throws: DiffusionError.self) { try schedule.factors(sigma: 0.99 * start) }
    let between = exp((schedule.logSigmas[144] + 3 * schedule.logSigmas[145]) / 4)
    let factors = try schedule.factors(sigma: between)
    #expect(abs(factors.noise - 144.75) < 1e-6)
    #expect(abs(factors.input - 1 / (1 + between * between).squareRoot()) < 1e-12)
  }

  private static func linear(steps: Int, _ more: String = "") -> String {
    """
    {"_class_name": "DDPMScheduler", "beta_start": 0.0001, "beta_end": 0.02, "num_train_timesteps": \(steps)\(more)}
    """
  }

  /// The three kinds of prediction say the same of a network whose output is known.
  @Test func whatIsPredicted() throws {
    let (signal, noise, sigma) = (0.3, -0.7, 0.8)
    let x = signal + sigma * noise
    let root = 1 / (1 + sigma * sigma).squareRoot()
    for (kind, output) in [
      ("epsilon", noise), ("sample", signal), ("v_prediction", root * noise - sigma * root * signal),
    ] {
      let schedule = try DiffusersSchedule(
        CheckpointFile(
          name: "s.json", data: Data(Self.linear(steps: 1000, ", \"prediction_type\": \"\(kind)\"").utf8)))
      let factors = try schedule.factors(sigma: sigma)
      #expect(abs(factors.skip * x + factors.out * output - signal) < 1e-12, "\(kind)")
      #expect(
        abs(factors.scoreOfImage * x + factors.scoreOfNetwork * output - (signal - x) / (sigma * sigma)) < 1e-12,
        "\(kind)")
    }
  }

  @Test func wherePipelinesHaveTheirFiles() throws {
    let fixture = try DiffusersFixture("ddpm")
    let scores = try DiffusersFixture.Layout.allCases.map { layout in
      let directory = try TemporaryDirectory()
      try fixture.write(to: directory.url, layout)
      if layout == .averaged {
        // What lies beside it is the last step's.
        try DiffusersFixture("plain").write(to: directory.url, .pipeline)
        try fixture.write(to: directory.url, layout)
      }
      return try Self.model(directory.url).score(at: fixture.images, noise: 0.25).scalars
    }
    #expect(scores[0] == scores[1] && scores[0] == scores[2])
    let directory = try TemporaryDirectory()
    try fixture.write(to: directory.url)
    let network = directory.url.appendingPathComponent("unet")
    #expect(try Self.model(network).score(at: fixture.images, noise: 0.25).scalars == scores[0])
  }

  /// Until diffusers 0.15 the parts of attention had other names.
  @Test func oldNamesOfAttention() throws {
    let names = ["to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"]
    let fixture = try DiffusersFixture("ddpm")
    let directory = try TemporaryDirectory()
    try fixture.write(to: directory.url) { tensors in
      tensors.map { tensor in
        var name = tensor.name
        for (new, old) in names { name = name.replacing(".\(new).", with: ".\(old).") }
        return TensorToWrite(name: name, dtype: tensor.dtype, shape: tensor.shape, data: tensor.data)
      }
    }
    let reference = fixture.references[0]
    let score = try Self.model(directory.url).score(at: fixture.images, noise: reference.noise)
    #expect(score.scalars == (try Self.model(fixture).score(at: fixture.images, noise: reference.noise).scalars))
  }

  @Test func noiseThatWasNotTrained() throws {
    let fixture = try DiffusersFixture("ddpm")
    let model = try Self.model(fixture)
    for noise in [0.0049, 80] {
      let error = #expect(throws: DiffusionError.self) { try model.score(at: fixture.images, noise: noise) }
      #expect(error?.description.contains("which go from 0.005 to 78.") ?? false, "\(error.map { "\($0)" } ?? "")")
    }
  }

  @Test(
    arguments: [
      (
        "_class_name", .string("UNet2DConditionModel"),
        "`_class_name` is `UNet2DConditionModel`, expected `UNet2DModel`"
      ),
      ("_class_name", nil, "`_class_name` is left out"),
      (
        "down_block_types", .array([.string("SkipDownBlock2D"), .string("DownBlock2D")]),
        "`down_block_types` is a list of 2"
      ),
      ("up_block_types", .array([.string("UpBlock2D")]), "expected 2, one for each of block_out_channels"),
      ("time_embedding_type", .string("fourier"), "expected `positional`"),
      ("class_embed_type", .string("timestep"), "expected null"),
      ("norm_num_groups", .integer(3), "expected a divisor of its"),
      ("norm_num_groups", .integer(.max), "expected a whole number from 1 to"),
      ("layers_per_block", .integer(2), "is not there"),
      ("layers_per_block", .integer(0), "expected a whole number from 1 to 64"),
      ("block_out_channels", .array([.integer(8), .integer(32)]), "has shape"),
      ("block_out_channels", .array([.integer(8), .number(1e300)]), "expected a list of 1 to 16 even numbers"),
      ("sample_size", .integer(7), "a multiple of 2"),
      ("sample_size", .array([.integer(8), .integer(16)]), "the side of square images"),
      ("sample_size", nil, "`sample_size` is left out"),
      ("center_input_sample", .bool(true), "expected false"),
      ("out_channels", .integer(4), "as many as in_channels"),
      ("norm_eps", .string("small"), "expected a number from"),
      ("add_attention", .bool(true), "tensor `mid_block.attentions.0"),
      ("mid_block_type", .null, "that the configuration beside it has no place for, such as `mid_block"),
    ] as [(String, JSONValue?, String)]) func configurationsThatAreNotRead(
      _ setting: String, _ value: JSONValue?, _ words: String
    ) throws
  {
    let message = try Self.message { $0.set(config: setting, value) }
    #expect(message.contains(words), "\(message)")
  }

  @Test(
    arguments: [
      ("_class_name", .string("CMStochasticIterativeScheduler"), "consistency models have no score"),
      ("_class_name", .string("EDMEulerScheduler"), "expected that of a model trained with betas"),
      ("prediction_type", .string("flow_prediction"), "expected `epsilon`, `sample`, `v_prediction`"),
      ("beta_schedule", .string("laplace"), "expected `linear`, `scaled_linear`"),
      ("beta_start", nil, "left out"),
      ("beta_end", .number(7), "expected a number from 0.0 to 1.0"),
      ("num_train_timesteps", .integer(.max), "expected a whole number from 2"),
      ("trained_betas", .array([.number(0.5), .number(-0.5)]), "noise that grows"),
      ("trained_betas", .array([]), "noise that grows"),
      ("trained_betas", .array([.number(.greatestFiniteMagnitude), .number(2)]), "noise that grows"),
    ] as [(String, JSONValue?, String)]) func schedulersThatAreNotRead(
      _ setting: String, _ value: JSONValue?, _ words: String
    ) throws
  {
    let message = try Self.message { $0.set(scheduler: setting, value) }
    #expect(message.contains(words), "\(message)")
  }

  @Test func tensorsThatDoNotFit() throws {
    #expect(try Self.changed { $0.removeLast() }.contains("is not there"))
    #expect(
      try Self.changed { $0.append(TensorToWrite(name: "more.weight", shape: [1], floats: [0])) }
        .contains("holds 1 tensor that the configuration"))
    #expect(
      try Self.changed { tensors in
        tensors[3] = TensorToWrite(
          name: tensors[3].name, shape: tensors[3].shape,
          floats: [Float](repeating: .nan, count: tensors[3].shape.reduce(1, *)))
      }.contains("holds NaN"))
  }

  private static func changed(_ change: (inout [TensorToWrite]) -> Void) throws -> String {
    try message(tensors: { tensors in
      var tensors = tensors
      change(&tensors)
      return tensors
    })
  }

  @Test func foldersThatAreNone() throws {
    let directory = try TemporaryDirectory()
    func message(_ place: URL? = nil) -> String {
      do {
        _ = try DiffusersFolder.files(in: (place ?? directory.url).path)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message().contains("there is no config.json"))
    #expect(message(directory.url.appendingPathComponent("none")).contains("is not a folder"))
    try DiffusersFixture("plain").write(to: directory.url)
    #expect(message() == "")
    let weights = directory.url.appendingPathComponent("unet/diffusion_pytorch_model.safetensors")
    #expect(message(weights).contains("is not a folder"))
    try FileManager.default.moveItem(
      at: weights, to: weights.deletingLastPathComponent().appendingPathComponent("w.safetensors"))
    #expect(message().contains("download the whole folder"))
    try Data("{}".utf8).write(to: URL(fileURLWithPath: weights.path + ".index.json"))
    #expect(message().contains("max_shard_size"))
    let scheduler = directory.url.appendingPathComponent("scheduler")
    try DiffusersFixture("plain").write(to: directory.url)
    try FileManager.default.removeItem(at: scheduler)
    #expect(message().contains("save the scheduler of the training"))
    let index = directory.url.appendingPathComponent("model_index.json")
    for (content, words) in [
      ("{\"_class_name\": \"LDMPipeline\", \"vqvae\": [\"diffusers\", \"VQModel\"]}", "`vqvae` is there"),
      ("{\"_class_name\": \"ConsistencyModelPipeline\"}", "a consistency model is no denoiser"),
      ("[", "model_index.json"),
    ] {
      try Data(content.utf8).write(to: index)
      #expect(message().contains(words), "\(message())")
    }
  }
}
