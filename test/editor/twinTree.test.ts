import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SiteOutbox, TwinState } from '../../contract/http.ts';
import { deliveryTrouble } from '../../editor/deliverySection.ts';
import { twinTree, type TwinPlace } from '../../editor/twinTree.ts';

const twin = (key: string, place: string[], more: Partial<TwinState> = {}): TwinState => ({ key, name: key, place, condition: 'normal', ...more });
const tree = (twins: TwinState[]): TwinPlace => twinTree({ name: 'Plant', twins });

/** As indented lines. */
function lines(place: TwinPlace, indent = ''): string[] {
  return [`${indent}${place.name} ${place.count}`, ...place.places.flatMap((below) => lines(below, `${indent} `)), ...place.twins.map(({ name }) => `${indent} - ${name}`)];
}

function twinsOf(place: TwinPlace): TwinState[] {
  return [...place.twins, ...place.places.flatMap(twinsOf)];
}

function placesOf(place: TwinPlace): TwinPlace[] {
  return [place, ...place.places.flatMap(placesOf)];
}

describe('machines by place', () => {
  it('stand under enterprise, area and line, in the order of their names; what holds only one place shares its line', () => {
    const twins = [
      twin('press10', ['acme', 'hamburg', 'hall2', 'line1']), twin('press9', ['acme', 'hamburg', 'hall2', 'line1']), twin('saw', ['acme', 'hamburg', 'hall2', 'line2']),
      twin('boiler', ['acme', 'hamburg', 'hall10']), twin('spare', []),
    ];
    assert.deepEqual(lines(tree(twins)), [
      'Plant 5', ' acme / hamburg 4', '  hall2 3', '   line1 2', '    - press9', '    - press10', '   line2 1', '    - saw', '  hall10 1', '   - boiler', ' - spare',
    ]);
  });

  it('a place tells of the machine below that needs a look first, and of none where none does', () => {
    const twins = [
      twin('a', ['hall', 'l1'], { condition: 'acknowledged', letter: 'M' }), twin('b', ['hall', 'l1'], { condition: 'case', letter: 'F' }), twin('c', ['hall', 'l2']),
      twin('d', ['hall', 'l2'], { condition: 'learning' }),
    ];
    const [hall] = tree(twins).places;
    assert.equal(hall?.worst?.key, 'b');
    assert.deepEqual(hall.places.map(({ name, worst }) => [name, worst?.key]), [['l1', 'b'], ['l2', undefined]]);
  });

  it('names that are hostile stay names: nothing is lost, every place has an id of its own', () => {
    const part = fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'toString', '', ' ', '<img src=x onerror=alert(1)>', '"', "'", '\n', '\u202eabc', '😀', '["a"]', 'a / b'),
      fc.string({ unit: 'binary', maxLength: 8 }),
    );
    const conditions = ['case', 'limit', 'stale', 'acknowledged', 'learning', 'off', 'normal'] as const;
    const twins = fc.array(fc.record({ place: fc.array(part, { maxLength: 12 }), name: part, condition: fc.constantFrom(...conditions) }), { maxLength: 30 });
    fc.assert(fc.property(twins, (given) => {
      const all = given.map(({ place, name, condition }, index) => ({ key: `k${index}`, name, place, condition }));
      const made = tree(all);
      assert.deepEqual(twinsOf(made).map(({ key }) => key).sort(), all.map(({ key }) => key).sort());
      const places = placesOf(made);
      assert.equal(new Set(places.map(({ id }) => id)).size, places.length);
      for (const place of places) assert.equal(place.count, twinsOf(place).length);
    }));
  });

  it('a place of a thousand parts does not become a thousand lines', () => {
    const deep = tree([twin('a', Array.from({ length: 1000 }, (_, index) => `p${index}`)), twin('b', ['p0', 'q'])]);
    const depth = (place: TwinPlace): number => 1 + Math.max(0, ...place.places.map(depth));
    assert.ok(depth(deep) <= 9, String(depth(deep)));
  });

  it('10,000 machines are arranged well within a second', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => twin(`m${index}`, ['acme', `site ${index % 7}`, `area ${index % 31}`, `line ${index % 101}`]));
    const began = performance.now();
    const made = tree(many);
    const tookMs = performance.now() - began;
    assert.equal(made.count, 10_000);
    assert.ok(tookMs < 1500, `${Math.round(tookMs)} ms`);
  });
});

describe('what is wrong with a target', () => {
  const target: SiteOutbox = { target: 'history:1', kind: 'history', title: 'To InfluxDB', waiting: 0, bytes: 0, perSecond: 0, refused: 0, refusals: [], lost: 0, gaps: [] };
  const cases: [string, Partial<SiteOutbox>, ReturnType<typeof deliveryTrouble>][] = [
    ['nothing waits', {}, undefined],
    ['some wait for a moment', { waiting: 40 }, undefined],
    ['the target is away', { waiting: 40, problem: 'away' }, 'waits'],
    ['some were refused', { refused: 1 }, 'waits'],
    ['some were given up', { lost: 1, refused: 2, problem: 'away' }, 'lost'],
  ];
  for (const [what, change, trouble] of cases) it(`${what}: ${trouble ?? 'nothing'}`, () => assert.equal(deliveryTrouble({ ...target, ...change }), trouble));
  it('nobody delivers what a deleted node left: waits', () => {
    const { title: _title, ...gone } = target;
    assert.equal(deliveryTrouble({ ...gone, waiting: 3 }), 'waits');
    assert.equal(deliveryTrouble(gone), undefined);
  });
});
