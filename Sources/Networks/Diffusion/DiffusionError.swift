import Foundation
import Tensor

/// Why a file is no diffusion model that is read, or cannot answer what it is asked.
package enum DiffusionError: Error, Sendable, CustomStringConvertible {
  case notASnapshot(file: String, found: String)
  case notGuided(file: String, found: String)
  case otherClass(file: String, module: String, got: String, expected: [String])
  case missingModule(file: String, module: String)
  case missingSetting(file: String, module: String, setting: String)
  case invalidSetting(file: String, module: String, setting: String, got: String, expected: String)
  case missingTensor(file: String, tensor: String)
  case tensorShape(file: String, tensor: String, got: [Int], expected: [Int])
  case notFiniteWeights(file: String, tensor: String)
  case cannotTell(file: String, what: String, advice: String)
  case wiring(file: String, module: String, reason: String)
  case imageShape(file: String, got: Shape, task: String, expected: Shape)
  case invalidNoise(file: String, got: Double)
  case label(file: String, got: Int, classes: Int)
  case knowsNoClasses(file: String)
  case notUnconditional(file: String, classes: Int)
  case notConditional(file: String, id: String)
  case otherSetting(file: String, setting: String, got: String, expected: String)
  case leftOver(file: String, tensors: [String])
  /// Noise in pixel units.
  case outsideTraining(file: String, noise: Double, lowest: Double, highest: Double)
  case notAFolder(path: String)
  case inFolder(path: String, missing: String, looked: String, advice: String)

  package var description: String {
    switch self {
    case .notASnapshot(let file, let found):
      "\(file): \(found); expected a snapshot of NVlabs/edm: a network of class EDMPrecond, VPPrecond, VEPrecond, iDDPMPrecond or Precond "
        + "under `ema`, or the state dict of one (docs/diffusion.md)"
    case .notGuided(let file, let found):
      "\(file): \(found); expected the state dict of a diffusion model of guided-diffusion or improved-diffusion "
        + "(docs/diffusion.md)"
    case .otherClass(let file, let module, let got, let expected):
      "\(file): \(Self.title(module)) is of class `\(got)`, expected \(expected.joined(separator: ", ")); "
        + "other networks are not read (docs/diffusion.md)"
    case .missingModule(let file, let module): "\(file): \(Self.title(module)) is not there; the file is damaged"
    case .missingSetting(let file, let module, let setting):
      "\(file): \(Self.title(module)) does not say its `\(setting)`; the file is damaged, or of another version of the code"
    case .invalidSetting(let file, let module, let setting, let got, let expected):
      "\(file): `\(setting)` of \(Self.title(module)) is \(got), expected \(expected)"
    case .missingTensor(let file, let tensor): "\(file): tensor `\(tensor)` is not there; the file is damaged"
    case .tensorShape(let file, let tensor, let got, let expected):
      "\(file): tensor `\(tensor)` has shape \(got), expected \(expected); it contradicts what the file says of its networks"
    case .notFiniteWeights(let file, let tensor):
      "\(file): tensor `\(tensor)` holds NaN or infinity; the training diverged or the file is damaged"
    case .cannotTell(let file, let what, let advice): "\(file): is a state dict, which does not tell \(what); \(advice)"
    case .wiring(let file, let module, let reason): "\(file): \(Self.title(module)) \(reason)"
    case .imageShape(let file, let got, let task, let expected):
      "\(file): is a model of images of shape \(got), those of task `\(task)` are \(expected); it was made for other images"
    case .invalidNoise(let file, let got):
      "\(file): noise is \(got), expected a positive number in pixel units whose square is representable"
    case .label(let file, let got, let classes):
      "\(file): there is no class \(got), expected 0 to \(classes - 1)"
    case .knowsNoClasses(let file):
      "\(file): is a model of all images, which knows no classes; leave the classes out, or name a conditional file"
    case .notUnconditional(let file, let classes):
      "\(file): is conditional on \(classes) classes and was never trained without a label, so it has no score of all images (an "
        + "all-zero label vector is not one); name an unconditional file, such as edm-cifar10-32x32-uncond-vp.pkl"
    case .notConditional(let file, let id):
      "\(file): is a model of all images, which knows no classes; expected a conditional file first, then an unconditional one: "
        + "\(id)=COND,UNCOND"
    case .otherSetting(let file, let setting, let got, let expected):
      "\(file): `\(setting)` is \(got), expected \(expected) (docs/diffusion.md)"
    case .leftOver(let file, let tensors):
      "\(file): holds \(tensors.count) \(tensors.count == 1 ? "tensor" : "tensors") that the configuration beside it has no place "
        + "for, such as `\(tensors.first ?? "")`; they are not of one network"
    case .outsideTraining(let file, let noise, let lowest, let highest):
      "\(file): noise \(noise) is none that the model was trained with, which go from \(Self.brief(lowest)) to \(Self.brief(highest)) "
        + "in pixel units"
    case .notAFolder(let path):
      "\(path): is not a folder; expected that of a diffusers pipeline, with config.json, diffusion_pytorch_model.safetensors and "
        + "scheduler_config.json"
    case .inFolder(let path, let missing, let looked, let advice):
      "\(path): there is no \(missing) \(looked); \(advice)"
    }
  }

  /// Five digits are enough to choose another noise by.
  private static func brief(_ number: Double) -> String { "\((number * 1e5).rounded() / 1e5)" }

  private static func title(_ module: String) -> String {
    module.isEmpty ? "the network" : "module `\(module)`"
  }
}
