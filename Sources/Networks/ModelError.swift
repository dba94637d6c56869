import Checkpoints
import Text

/// What keeps a checkpoint from becoming a network.
package enum ModelError: Error, Sendable, CustomStringConvertible {
  case unknownLayerType(layer: String, type: String, known: [String])
  case unusedOption(layer: String, type: String, option: String, known: [String])
  case missingOption(layer: String, type: String, option: String)
  case invalidOption(layer: String, option: String, reason: String)
  case missingTensor(file: String, layer: String, tensor: String, nearest: [String])
  case tensorShape(
    file: String, layer: String, tensor: String, got: [Int], expected: String, isDescribed: Bool = false)
  case tensorValues(file: String, layer: String, tensor: String, reason: String)
  case unusedTensors(file: String, architecture: String, tensors: [String])
  case layer(layer: String, input: String, reason: String)
  case output(file: String, shape: String, expected: String)
  case noInputShape(file: String)
  case imageChannels(file: String, architecture: String, network: Int, images: Int)
  case notRecognised(
    file: String, tensors: [String], near: (family: String, missing: String)?, imageShape: [Int]?)
  /// Tensors that have the names of an architecture and do not fit it; nil where the problem names it.
  indirect case misfit(architecture: String?, problem: ModelError, file: String, imageShape: [Int]?)
  /// A proposed layer list that is not completed; `blanks` are paths.
  case blanks(file: String, blanks: [String])
  /// Numbered modules, which a layer list can describe.
  case proposed(file: String, count: Int, proposal: String)
  case ambiguous(file: String, architectures: [(name: String, distinction: String)])
  case unknownArchitecture(name: String, known: [String])
  case notTrainable(name: String, known: [String])
  case imagesTooSmall(name: String, image: [Int])
  case architectureMismatch(file: String, name: String, reason: String)
  /// A layer whose weight is computed of other tensors; `call` writes it out.
  case reparametrised(file: String, tensor: String, count: Int, kind: String, call: String)
  /// A whole pickled network whose modules are not the layers.
  case modulesContradict(file: String, architecture: String, contradictions: [String])
  /// Of the file's own.
  case implausibleNormalisation(file: String, problem: String)
  /// What a configuration beside the weights says of it.
  case folderNormalisation(file: String, problem: String)
  /// Of `preprocessing.resize`.
  case resize(problem: String)
  case nonFiniteWeights(file: String, tensor: String)
  /// A file that holds a network but no layers; `kind` says what it is.
  case noLayers(file: String, kind: String)
  /// Weights were chosen in a file that is not a dictionary of them.
  case noStateDicts(file: String, format: String)
  case memory(file: String, bytesPerWorker: Int, images: Int, workers: Int, available: Int)

  /// What works for every network, the least effort first.
  private static func otherWays(_ file: String, imageShape: [Int]?) -> String {
    let stem = file.split(separator: ".").dropLast().joined(separator: ".")
    let sizes = imageShape.map { $0.map(String.init).joined(separator: ", ") } ?? "C, H, W"
    return """
      Three ways that work, the shortest first:
        1. export it where it was trained, and evaluate that file: \
      torch.onnx.export(model.eval(), (torch.zeros(1, \(sizes)),), "\(stem.isEmpty ? file : stem).onnx", \
      input_names=["images"], dynamic_axes={"images": {0: "n"}})
        2. let Python serve it: pags_bench.evaluate(model, ...) (docs/python.md), or --plugin "python3 serve.py {checkpoint}" with a \
      program of ten lines (docs/plugin-protocol.md)
        3. describe it as a layer list in a model.json beside the checkpoint (docs/add-a-model.md), or name with --arch one of \
      the networks that `pags-bench plugins` lists, where it is one of them
      """
  }

  /// The problem without what to do.
  private var misfit: String {
    guard case .architectureMismatch(_, let name, let reason) = self else { return description }
    return "the tensors do not fit the architecture `\(name)`: \(reason)"
  }

  package var description: String {
    switch self {
    case .unknownLayerType(let layer, let type, let known):
      Nearest.unknown("\(layer): there is no layer type", type, among: known)
    case .unusedOption(let layer, let type, let option, let known):
      "\(layer): \(type) has no option `\(option)`; it has \(known.isEmpty ? "none" : known.joined(separator: ", "))"
    case .missingOption(let layer, let type, let option):
      "\(layer): \(type) needs the option `\(option)`"
    case .invalidOption(let layer, let option, let reason):
      "\(layer): option `\(option)` \(reason)"
    case .missingTensor(let file, let layer, let tensor, let nearest):
      "\(file): \(layer) needs the tensor `\(tensor)`, which is not there"
        + (nearest.isEmpty ? "" : "; near it are " + nearest.map { "`\($0)`" }.joined(separator: ", "))
    case .tensorShape(let file, let layer, let tensor, let got, let expected, let isDescribed):
      "\(file): tensor `\(tensor)` of \(layer) has shape \(got), expected \(expected); "
        + (isDescribed
          ? "correct the layer list" : "describe the network in a model.json, or name its architecture with --arch")
    case .tensorValues(let file, let layer, let tensor, let reason):
      "\(file): tensor `\(tensor)` of \(layer) \(reason)"
    case .unusedTensors(let file, let architecture, let tensors):
      "\(file): the network looks like `\(architecture)`, which does not use \(tensors.count) of the tensors ("
        + tensors.prefix(4).map { "`\($0)`" }.joined(separator: ", ") + (tensors.count > 4 ? ", ..." : "")
        + "); "
        + (tensors.contains(where: InputNormalisation.isName)
          ? "some are called as means or deviations of pixels are: say how they are normalised with --mean and --std, and "
          : "")
        + "pass --arch \(architecture) if it is that network all the same, or describe it in a model.json"
    case .layer(let layer, let input, let reason):
      "\(layer) on an input of shape \(input): \(reason)"
    case .output(let file, let shape, let expected):
      "\(file): the network's output has shape \(shape), expected \(expected); is a Flatten, a pooling or the last layer missing?"
    case .noInputShape(let file):
      "\(file): the size of its images is not known, because a layer list does not tell it; pass --shape C,H,W"
    case .imageChannels(let file, let architecture, let network, let images):
      "\(file): the network (\(architecture)) takes images of \(network) channels, these have \(images); "
        + "choose the task it was trained for with --task"
    case .notRecognised(let file, let tensors, let near, let imageShape):
      "\(file): no built-in architecture has these tensors (\(tensors.joined(separator: ", "))). "
        + (near.map { "Nearest is \($0.family), which needs the tensor `\($0.missing)` as well. " } ?? "")
        + Self.otherWays(file, imageShape: imageShape)
    case .misfit(let architecture, let problem, let file, let imageShape):
      "\(file): "
        + (architecture.map { "the names of its tensors are those of `\($0)`, but they do not fit it: " } ?? "")
        + problem.misfit.replacing("\(file): ", with: "", maxReplacements: 1) + ". "
        + Self.otherWays(file, imageShape: imageShape)
    case .proposed(let file, let count, let proposal):
      "\(file): no built-in architecture has these \(count) tensors, which are numbered as the modules of a Sequential are. "
        + proposal
    case .blanks(let file, let blanks):
      "\(file): its layer list has \(blanks.count) blank\(blanks.count == 1 ? "" : "s") to be filled, which no tensor tells: "
        + blanks.joined(separator: ", ")
        + "; put what the network's code says in the place of each `?` and what follows"
    case .ambiguous(let file, let architectures):
      "\(file): the tensors fit several architectures: "
        + architectures.map { "`\($0.name)` (\($0.distinction))" }.joined(separator: ", ")
        + "; choose one with --arch, or in a model.json"
    case .unknownArchitecture(let name, let known): Nearest.unknown("there is no architecture", name, among: known)
    case .notTrainable(let name, let known):
      "a new network of the architecture `\(name)` cannot be made; those that can are \(known.joined(separator: ", "))"
    case .imagesTooSmall(let name, let image):
      "the architecture `\(name)` leaves nothing of images of shape \(image); use larger images or another architecture"
    case .architectureMismatch(let file, let name, let reason):
      "\(file): the tensors do not fit the architecture `\(name)`: \(reason); "
        + "describe another network in a model.json (docs/add-a-model.md)"
    case .reparametrised(let file, let tensor, let count, let kind, let call):
      "\(file): tensor `\(tensor)`\(count > 1 ? " and \(count - 1) more" : "") \(count > 1 ? "belong" : "belongs") to \(kind), of which the layer's own weight is "
        + "computed; write it out in Python with \(call) on each such module and save the state_dict again, or export to ONNX"
    case .modulesContradict(let file, let architecture, let contradictions):
      "\(file): is a whole pickled network, whose modules are not those of \(architecture == "layers" ? "the layer list" : "the architecture `\(architecture)`"): "
        + contradictions.prefix(4).joined(separator: "; ")
        + (contradictions.count > 4 ? "; and \(contradictions.count - 4) more" : "")
        + ". Describe it as a layer list in a model.json (docs/add-a-model.md), or export it to ONNX, which holds the "
        + "computation itself; if its modules are not what it computes with, save torch.save(model.state_dict(), FILE)"
    case .implausibleNormalisation(let file, let problem):
      "\(file): its own normalisation: \(problem); pass them with --mean and --std, or in a model.json"
    case .folderNormalisation(let file, let problem):
      "\(file), beside the weights, does not say how pixels are normalised: \(problem); correct it, or pass --mean and --std"
    case .resize(let problem): "preprocessing: \(problem); correct it in model.json, or pass --resize"
    case .nonFiniteWeights(let file, let tensor):
      "\(file): tensor `\(tensor)` holds NaN or infinity; the training diverged or the file is damaged"
    case .noLayers(let file, let kind):
      "\(file): is \(kind), and no layer list says what its tensors belong to, so the network cannot be made anew; "
        + "describe it as a layer list in a model.json (docs/add-a-model.md) and pass that with --model, "
        + "or train it elsewhere and pass the result to `evaluate --standard`"
    case .noStateDicts(let file, let format):
      "\(file): is read as \(format), which has no state dicts to choose from; leave --weights and --member away, and "
        + "`weights` and `member` out of the description's checkpoint"
    case .memory(let file, let bytes, let images, let workers, let available):
      "\(file): a pass of \(images) image\(images == 1 ? "" : "s") takes \(bytes >> 20) MiB for each of \(workers) workers, "
        + "this process may use \(available >> 20) MiB; lower \(images == 1 ? "" : "--batch or ")--threads"
    }
  }
}
