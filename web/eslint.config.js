// Checks of `./penstock lint` for the JavaScript in web/, tests/web/ and tests/browser/. Off, and why:
//   no-undef                         tsc knows the globals of each environment (tsconfig*.json)
//   no-unused-private-class-members  takes `this.#frame ||= …` for a write
import {createRequire} from 'node:module';

// The packages are in the tools cache, not in a node_modules of the tree: resolve them from ESLint's own location.
const {configs} = createRequire(process.argv[1])('@eslint/js');

export default [
  configs.recommended,
  {
    linterOptions: {reportUnusedDisableDirectives: 'error'},
    rules: {
      'no-undef': 'off',
      'no-unused-private-class-members': 'off',
      'array-callback-return': 'error',
      'default-case-last': 'error',
      eqeqeq: 'error',
      'no-constructor-return': 'error',
      'no-else-return': 'error',
      'no-eval': 'error',
      'no-extend-native': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-throw-literal': 'error',
      'no-unreachable-loop': 'error',
      'no-useless-computed-key': 'error',
      'no-useless-rename': 'error',
      'no-useless-return': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'prefer-object-has-own': 'error',
      'prefer-template': 'error',
    },
  },
];
