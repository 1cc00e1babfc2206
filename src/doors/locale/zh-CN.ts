/** 简体中文：与英文表键相同；对象种类、字段与程序输出不翻译。 */
import { checksZhCN } from './checks.ts';
import { en } from './en.ts';
import type { TextTable } from './text.ts';

export const zhCN: TextTable = { ...en, ...checksZhCN };
