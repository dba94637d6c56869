import BenchCore
import Checkpoints
import Foundation
import JSON
import Tensor
import Testing
import _Fixtures

@testable import Plugins

/// Where descriptions are found, what they may say, and what follows for the model.
@Suite struct DescriptionTests {
  /// A folder with a checkpoint, and a project whose `models/` is empty; removed afterwards.
  private func withFolder(_ body: (_ folder: URL, _ loader: ModelLoader, _ checkpoint: String) throws -> Void) throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("models-\(UUID().uuidString)")
    let folder = root.appendingPathComponent("mine")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      at: root.appendingPathComponent("models/known"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: root) }
    let checkpoint = folder.appendingPathComponent("net.pt")
    try FileManager.default.copyItem(
      at: ModelFixtures.directory.appendingPathComponent("resnet18.pt"), to: checkpoint)
    try body(folder, ModelLoader(ProjectFiles(root: root), plugins: BuiltinPlugins.all.models), checkpoint.path)
  }

  private func write(_ text: String, _ folder: URL, _ name: String) throws -> String {
    let url = folder.appendingPathComponent(name).standardizedFileURL
    try Data(text.utf8).write(to: url)
    return url.path
  }

  private func described(_ id: String, _ more: String = "") -> String { #"{"id": "\#(id)", "name": "Net"\#(more)}"# }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "accepted"
    } catch { return "\(error)" }
  }

  @Test func thereMayBeNone() throws {
    try withFolder { _, loader, checkpoint in
      let found = try loader.find(checkpoint, description: nil)
      #expect(found.description == nil)
      #expect(found.descriptionPath == nil)
      #expect(found.format == "pytorch-zip")
      #expect(found.plugin.id == "state-dict")
    }
  }

  /// `--model`, then `model.json`, then `<checkpoint>.json`, then the known ones by digest.
  @Test func nearerDescriptionsComeFirst() throws {
    try withFolder { folder, loader, checkpoint in
      let digest = try CheckpointFile.open(checkpoint).sha256
      func id(_ explicit: String? = nil) throws -> String? {
        try loader.find(checkpoint, description: explicit).description?.id
      }
      let known = try write(
        described("known", #", "checkpoint": {"sha256": "\#(digest.uppercased())"}"#), folder, "../models/known/x.json")
      #expect(try id() == "known")
      #expect(
        try loader.find(checkpoint, description: nil).descriptionPath.map { $0.hasSuffix("known/x.json") } == true)
      _ = try write(described("beside"), folder, "net.pt.json")
      #expect(try id() == "beside")
      _ = try write(described("folder"), folder, "model.json")
      #expect(try id() == "folder")
      #expect(try id(write(described("named"), folder, "named.json")) == "named")
      #expect(try id(known) == "known")
    }
  }

  /// The same weights with another normalisation are another model, and a program that serves them is a third.
  @Test func theSameWeightsMayHaveSeveralDescriptions() throws {
    try withFolder { folder, loader, checkpoint in
      let digest = try CheckpointFile.open(checkpoint).sha256
      let weights = #", "checkpoint": {"sha256": "\#(digest)"}"#
      _ = try write(
        described("a-served", weights + #", "plugin": {"command": ["./serve"]}"#), folder, "../models/known/a.json")
      #expect(message { _ = try loader.find(checkpoint, description: nil) }.contains("--allow-plugin"))
      _ = try write(described("b", weights), folder, "../models/known/b.json")
      #expect(try loader.find(checkpoint, description: nil).description?.id == "b")
      let other = try write(described("c", weights), folder, "../models/known/c.json")
      let message = message { _ = try loader.find(checkpoint, description: nil) }
      #expect(message.contains("known/b.json and ") && message.contains("known/c.json; pass one"), "\(message)")
      #expect(try loader.find(checkpoint, description: other).description?.id == "c")
    }
  }

  @Test func aDescriptionOfAnotherFileIsPassedOver() throws {
    try withFolder { folder, loader, checkpoint in
      _ = try write(described("other", #", "checkpoint": {"file": "other.pt"}"#), folder, "model.json")
      #expect(try loader.find(checkpoint, description: nil).description == nil)
      let zeros = String(repeating: "0", count: 64)
      _ = try write(
        described("other", #", "checkpoint": {"file": "other.pt", "sha256": "\#(zeros)"}"#), folder, "model.json")
      _ = try write(described("beside"), folder, "net.pt.json")
      #expect(try loader.find(checkpoint, description: nil).description?.id == "beside")
    }
  }

  @Test func anotherDigestIsAnError() throws {
    try withFolder { folder, loader, checkpoint in
      let digest = try CheckpointFile.open(checkpoint).sha256
      let zeros = String(repeating: "0", count: 64)
      for (name, explicit) in [("model.json", false), ("net.pt.json", false), ("named.json", true)] {
        let path = try write(
          described("net", #", "checkpoint": {"file": "net.pt", "sha256": "\#(zeros)"}"#), folder, name)
        #expect(
          message { _ = try loader.find(checkpoint, description: explicit ? path : nil) }
            == "\(path): describes a checkpoint with SHA-256 \(zeros), but net.pt has \(digest); the file was changed or "
            + "is another one")
        try FileManager.default.removeItem(atPath: path)
      }
      // Named by the user, a description of another file does not apply either.
      let other = try write(
        described("net", #", "checkpoint": {"file": "other.pt", "sha256": "\#(zeros)"}"#), folder, "other.json")
      #expect(message { _ = try loader.find(checkpoint, description: other) }.contains("describes a checkpoint with"))
    }
  }

  @Test(arguments: [
    (
      #"{"id": "x", "name": "X", "prepocessing": {"mean": [0], "std": [1]}}"#,
      "model.json: $: unknown key `prepocessing`; did you mean `preprocessing`?"
    ),
    (
      #"{"id": "x", "name": "X", "checkpoint": {"sha265": ""}}"#,
      "model.json: $.checkpoint: unknown key `sha265`; did you mean `sha256`?"
    ),
    (
      #"{"id": "x", "name": "X", "claims": {"acuracy": 1}}"#,
      "$.claims: unknown key `acuracy`; did you mean `accuracy`?"
    ),
    (#"{"id": "x", "name": "X", "preprocessing": {"mean": [0]}}"#, "$.preprocessing: missing key `std`"),
    (#"{"id": "x", "name": "X", "preprocessing": {"mean": [0, "a"], "std": [1, 1]}}"#, "$.preprocessing.mean[1]"),
    (#"{"id": "x", "id": "y", "name": "X"}"#, "key `id` occurs twice"),
    (#"{"name": "X"}"#, "missing key `id`"),
    (#"{"id": "../x", "name": "X"}"#, "id `../x` must consist of lower-case letters"),
    (#"{"id": "", "name": "X"}"#, "id `` must consist of lower-case letters"),
    (#"{"id": "X", "name": "X"}"#, "id `X` must consist of lower-case letters"),
    (#"{"id": "x", "name": "<b>X</b>"}"#, "model.json: $.name: contains `<` followed by a letter"),
    (#"{"id": "x", "name": "\u001b[2J"}"#, "model.json: $.name: contains the character U+001B"),
    (
      #"{"id": "x", "name": "X", "source": {"training": "\u202egnp"}}"#,
      "model.json: $.source.training: contains the character U+202E"
    ),
    ("{", "model.json: line 1"),
    ("", "model.json: "),
  ]) func mistakesAreNamedWithTheirPlace(text: String, part: String) throws {
    try withFolder { folder, loader, checkpoint in
      _ = try write(text, folder, "model.json")
      let message = message { _ = try loader.find(checkpoint, description: nil) }
      #expect(message.contains(part), "\(message)")
    }
  }

  @Test func missingFilesAreNamed() throws {
    try withFolder { folder, loader, checkpoint in
      let absent = folder.appendingPathComponent("absent.json").path
      #expect(
        message { _ = try loader.find(checkpoint, description: absent) }
          == "\(absent): there is no such description; --model takes the path of a model.json")
      #expect(
        message { _ = try loader.find(checkpoint, description: folder.path) }.hasPrefix(
          "\(folder.path): cannot be read"))
      #expect(
        message { _ = try loader.find(folder.appendingPathComponent("no.pt").path, description: nil) }.hasPrefix(
          "no.pt"))
    }
  }

  @Test func otherFormatsAreRefusedWithWhatCanBeRead() throws {
    try withFolder { folder, loader, _ in
      let path = try write("not a checkpoint at all", folder, "notes.txt")
      #expect(
        message { _ = try loader.find(path, description: nil) }.hasPrefix(
          "notes.txt: unknown content (23 bytes, the first are 6e 6f 74 20 61 20 63 68); what can be read: named tensors"
        ))
      let pointer = try write("version https://git-lfs.github.com/spec/v1", folder, "model.pth")
      #expect(message { _ = try loader.find(pointer, description: nil) }.contains("git lfs pull"))
    }
  }

  @Test func everyKnownDescriptionParsesAndDescribesItsCheckpoint() throws {
    let known = ModelFixtures.packageRoot.appendingPathComponent("models/known")
    let files = try FileManager.default.contentsOfDirectory(at: known, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
    #expect(files.count >= 6)
    let loader = ModelLoader(ProjectFiles(root: ModelFixtures.packageRoot), plugins: BuiltinPlugins.all.models)
    var digests: Set<String> = []
    for file in files {
      let description = try DescriptionLookup.read(file)
      #expect(description.id == file.deletingPathExtension().lastPathComponent)
      let digest = try #require(description.checkpoint?.sha256)
      #expect(digest.wholeMatch(of: /[0-9a-f]{64}/) != nil)
      #expect(digests.insert(digest).inserted, "\(description.id): the digest of another description")
      guard let shared = ModelFixtures.shared, let name = description.checkpoint?.file else { continue }
      let path = shared.appendingPathComponent("models/\(name)").path
      guard FileManager.default.fileExists(atPath: path) else { continue }
      let candidate = try loader.find(path, description: nil)
      #expect(candidate.description == description)
      #expect(candidate.checkpoint.byteCount == description.checkpoint?.bytes)
      let model = try loader.load(
        candidate, LoadOptions(imageShape: description.task == "mnist" ? [1, 28, 28] : [3, 32, 32]))
      #expect(model.classifier.classCount == 10)
      #expect(!model.preprocessingIsAssumed)
      #expect(!model.notes.contains { $0.contains("not used") }, "\(model.notes)")
    }
  }

  @Test(arguments: [(-1, false), (0, true), (1_000_000, true), (1_000_001, false), (Int.max, false)])
  func placesInAListHaveBounds(_ member: Int, _ isTaken: Bool) throws {
    try withFolder { folder, _, _ in
      let path = try write(described("net", #", "checkpoint": {"member": \#(member)}"#), folder, "model.json")
      let found = message { _ = try DescriptionLookup.read(URL(fileURLWithPath: path)) }
      #expect(
        isTaken
          ? found == "accepted" : found.contains("checkpoint.member") && found.contains("expected 0 to 1000000"),
        "\(found)")
    }
  }

  /// The command line, the description, the checkpoint, none; in that order.
  @Test func preprocessingHasAnOrder() throws {
    let (given, own) = (
      Preprocessing(mean: [0.1, 0.1, 0.1], std: [1, 1, 1]), Preprocessing(mean: [0.2, 0.2, 0.2], std: [2, 2, 2])
    )
    var description = ModelDescription(id: "net", name: "Net")
    let plain = try ModelFixtures.checkpoint("resnet18")
    let robust = try ModelFixtures.checkpoint("robustness")
    func load(_ file: CheckpointFile, _ option: Preprocessing?) throws -> (Preprocessing, Bool) {
      let model = try ModelFixtures.load(file, description, images: [3, 12, 12], preprocessing: option)
      return (model.preprocessing, model.preprocessingIsAssumed)
    }
    #expect(try load(plain, nil) == (.identity(channels: 3), true))
    let inside = Preprocessing(mean: [0.48, 0.45, 0.4], std: [0.25, 0.24, 0.26])
    #expect(try load(robust, nil) == (inside, false))
    description.preprocessing = own
    #expect(try load(plain, nil) == (own, false))
    #expect(try load(robust, nil) == (own, false))
    #expect(try load(robust, given) == (given, false))
    #expect(try load(plain, given) == (given, false))
  }

  @Test func theCheckpointsNotesAreKept() throws {
    let notes = try ModelFixtures.load(ModelFixtures.checkpoint("robustness"), images: [3, 12, 12]).notes
    #expect(
      notes.contains { $0.hasPrefix("robustness-library checkpoint: ") && $0.contains("input clamped to [0, 1]") })
    #expect(notes.contains { $0.contains("`model`") })
    let parallel = try ModelFixtures.load(ModelFixtures.checkpoint("resnet20"), images: [3, 12, 12]).notes
    #expect(parallel == ["removed `module.` from the names of all tensors"])
    // Never run by the network it belongs to: no reason to refuse it.
    let wide = try ModelFixtures.load(ModelFixtures.checkpoint("wideresnet-10-3"), images: [3, 12, 12]).notes
    #expect(wide.count == 1 && wide[0].contains("tensors are not used by the network: sub_block1."))
  }

  /// A description may name a built-in architecture; `--arch` goes before it.
  @Test func architecturesHaveAnOrder() throws {
    var description = ModelDescription(id: "net", name: "Net")
    description.architecture = .string("resnet18-softplus")
    let file = try ModelFixtures.checkpoint("resnet18")
    #expect(try ModelFixtures.load(file, description, images: [3, 12, 12]).architecture == "resnet18-softplus")
    #expect(
      try ModelFixtures.load(file, description, architecture: "resnet18", images: [3, 12, 12]).architecture
        == "resnet18")
    description.architecture = .string("resnet34")
    #expect(
      ModelFixtures.message { _ = try ModelFixtures.load(file, description, images: [3, 12, 12]) }?
        .contains("they are those of `resnet18`") == true)
  }

  @Test func aListNeedsToBeToldTheImages() throws {
    var description = ModelDescription(id: "net", name: "Net")
    description.architecture = .array([])
    let file = try ModelFixtures.checkpoint("resnet18")
    #expect(
      ModelFixtures.message { _ = try ModelFixtures.load(file, description) }?
        .contains("a layer list does not tell it; pass --shape") == true)
  }

  @Test func theProjectIsFoundFromItsLauncherItsFoldersAndItsProgram() throws {
    let root = ModelFixtures.packageRoot.path
    func locate(_ environment: [String: String], _ working: String, _ program: String) -> String? {
      ProjectFiles.locate(environment: environment, workingDirectory: working, program: program)?.root.path
    }
    #expect(locate(["PAGS_BENCH_ROOT": "/somewhere"], root, "") == "/somewhere")
    #expect(locate(["PAGS_BENCH_ROOT": ""], root, "/usr/bin/x") == root)
    #expect(locate([:], root + "/Sources/Plugins", "/usr/bin/x") == root)
    #expect(locate([:], "/", root + "/.build/debug/pags-bench") == root)
    #expect(locate([:], "/", "/usr/bin/x") == nil)
    let files = ProjectFiles(root: URL(fileURLWithPath: "/p"))
    #expect(files.models.path == "/p/models")
    #expect(files.leaderboard.path == "/p/leaderboard")
  }
}
