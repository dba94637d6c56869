import Tensor
import _Fixtures

extension EDMFixture.Module {
  /// Changes one thing about it or one of the modules in it.
  mutating func mutate(_ dice: inout Dice) {
    guard children.isEmpty || dice.chance(0.15) else {
      let place = dice.integer(0...children.count - 1)
      return dice.chance(0.1) ? mutateChild(place, &dice) : children[place].module.mutate(&dice)
    }
    switch dice.integer(0...5) {
    case 0:
      className = dice.pick([
        "Conv2d", "Linear", "GroupNorm", "UNetBlock", "ModuleDict", "FourierEmbedding", "DhariwalUNet", "SongUNet",
        "VEPrecond", "iDDPMPrecond", "Precond", "Generator", dice.oddName(className),
      ])
    case 1, 2: mutateTensor(&dice)
    default: mutateSetting(&dice)
    }
  }

  private mutating func mutateChild(_ place: Int, _ dice: inout Dice) {
    let other = dice.integer(0...children.count - 1)
    switch dice.integer(0...5) {
    case 0: children.remove(at: place)
    case 1: children[place].name = dice.oddName(children[place].name)
    case 2: children[place].name = children[other].name
    case 3: children.append(children[place])
    case 4: children.swapAt(place, other)
    default: children[place].module = children[other].module
    }
  }

  private mutating func mutateSetting(_ dice: inout Dice) {
    guard !settings.isEmpty else { return mutateTensor(&dice) }
    let place = dice.integer(0...settings.count - 1)
    switch dice.integer(0...8) {
    case 0: settings.remove(at: place)
    case 1: settings[place].name = dice.oddName(settings[place].name)
    case 2: settings[place].value = settings[dice.integer(0...settings.count - 1)].value
    case 3: settings[place].value = .none
    case 4: settings[place].value = .flag(dice.chance(0.5))
    case 5: settings[place].value = .integer(dice.extremeInteger())
    case 6: settings[place].value = .number(dice.extremeNumber())
    case 7: settings[place].value = .numpy(dice.extremeNumber())
    default:
      // A neighbour of what it was, which no range of a single setting refuses.
      var number = 2
      if case .integer(let value) = settings[place].value {
        number = dice.pick([value &+ 1, value &- 1, value &* 2, value / 2])
      }
      settings[place].value = .integer(number)
    }
  }

  private mutating func mutateTensor(_ dice: inout Dice) {
    let isParameter = buffers.isEmpty || !parameters.isEmpty && dice.chance(0.7)
    var list = isParameter ? parameters : buffers
    guard !list.isEmpty else { return }
    let place = dice.integer(0...list.count - 1)
    let shape = list[place].tensor?.shape.dimensions ?? [4]
    switch dice.integer(0...7) {
    case 0: list.remove(at: place)
    case 1: list[place].name = dice.oddName(list[place].name)
    case 2: list[place].tensor = nil
    case 3: list[place].tensor = Tensor(shape: Shape(shape), repeating: Float(dice.extremeNumber()))
    case 4: list[place].tensor = Tensor(shape: Shape(shape + [1]), repeating: 0.5)
    case 5: list[place].tensor = Tensor(shape: Shape(Array(shape.dropLast())), repeating: 0.5)
    case 6: list[place].tensor = Tensor(shape: Shape(Array(shape.reversed())), repeating: 0.5)
    default:
      var other = shape
      if !other.isEmpty { other[dice.integer(0...other.count - 1)] = dice.integer(0...20) }
      list[place].tensor = Tensor(shape: Shape(other), repeating: 0.5)
    }
    if isParameter { parameters = list } else { buffers = list }
  }
}
